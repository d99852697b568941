import type { ProbeFinding } from "../probes/probe.ts";

/** What this machine could not open: nothing of it reached the target. */
const localFault = /\b(EMFILE|ENFILE|EADDRNOTAVAIL|ENOBUFS|ENOMEM)\b/;
/** Times an attempt that reached nothing is made again, where the plan says nothing. */
const retriesDefault = 2;

type Seen = Pick<ProbeFinding, "ok"> & {
  readonly exchange: Pick<ProbeFinding["exchange"], "status" | "fault">;
};

function localFaultOf(findings: readonly Seen[]): string | null {
  const open = findings.filter(({ ok, exchange }) => !ok && exchange.status === null);
  const faults = open.map(({ exchange }) => exchange.fault ?? "");
  return faults.find((fault) => localFault.test(fault)) ?? null;
}

/**
 * Makes an attempt again that failed on this machine before a byte reached the target, `retries`
 * times at most, default 2; null when none reached it. What the target did is never tried again.
 */
export async function untilReached<T extends Seen>(
  attempt: () => Promise<readonly T[]>,
  o: {
    readonly retries: number | undefined;
    /** Of every attempt that reached nothing; the first is 1. */
    onFault(fault: string, attempt: number): void;
  },
): Promise<readonly T[] | null> {
  const most = (o.retries ?? retriesDefault) + 1;
  for (let made = 1; made <= most; made++) {
    const findings = await attempt();
    const fault = localFaultOf(findings);
    if (fault === null) return findings;
    o.onFault(fault, made);
  }
  return null;
}
