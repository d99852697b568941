import type { GuardObservation } from "@loadline/contract";
import { ms, standStarves } from "../load/guards/guard.ts";
import type { ProbeFinding } from "./probe.ts";

/** What came back to one probe, and what its machine did meanwhile. */
export interface HostView {
  /** The target is at a loopback address: it starves with its prober. */
  readonly isHere: boolean;
  /** The longest the prober's loop stood while it asked and in the 5 s before, work of its own left out, ms. */
  readonly loopMaxMs: number;
  /** Findings against the claim. */
  readonly bad: number;
  /** Of `bad`: 503 that asks to come back (Retry-After), as a server answers that sheds load. */
  readonly shed: number;
}

/** How many findings speak against the claim, and how many of them are load that was shed. */
export function countShed(findings: readonly ProbeFinding[]): Pick<HostView, "bad" | "shed"> {
  const bad = findings.filter(({ ok }) => !ok);
  const shed = bad.filter(
    ({ exchange }) => exchange.status === 503 && exchange.headers["retry-after"] !== undefined,
  );
  return { bad: bad.length, shed: shed.length };
}

/** What voids a failure that the machine of target and prober made; null where there is no such. */
export const hostGuard = {
  id: "guard.probe.host",
  summary: "the machine that target and prober share kept neither of them waiting",
  reason: "noise",
  saboteur: { isHere: true, loopMaxMs: 400, bad: 1, shed: 1 } satisfies HostView,
  judge({ isHere, loopMaxMs, bad, shed }: HostView): Omit<GuardObservation, "streams"> | null {
    // What another bad answer refutes is refuted on any machine.
    if (!isHere || shed === 0 || shed < bad) return null;
    return {
      guard: "guard.probe.host",
      holds: !standStarves(loopMaxMs),
      invalidates: "fail",
      kinds: ["predicate"],
      reason: "noise",
      seen: `The target shed load (HTTP 503, Retry-After), and on the same machine the prober's loop stood for up to ${ms(loopMaxMs)}, tolerance 100 ms.`,
    };
  },
} as const;
