import type { ClaimKind, GuardObservation, ReasonCode } from "@loadline/contract";
import type { LoadMetric } from "../types.ts";

/** What a guard sees of one claim's sample and of the machine that took it. */
export interface GuardView {
  readonly metric: LoadMetric;
  /** Name of the figure, with metric `figure`. */
  readonly figure?: string;
  /** Its values are averaged or compared as they are: an unknown one is not just one more. */
  readonly figures: boolean;
  readonly limitMs: number | null;
  /** Compared between blocks, all of which have the generator's own delays in them. */
  readonly interleaved: boolean;
  /** Quantile or success ratio of the claim. */
  readonly target: number;
  /** Open model: requests fall due whatever the target does. */
  readonly open: boolean;
  readonly n: number;
  readonly bad: number;
  /** Bad by value; the others had a bad outcome. */
  readonly over: number;
  readonly hardBad: number;
  /** Of `hardBad`: ended by a timeout of ours, and no stand of the loop was long enough to do it. */
  readonly timedOut: number;
  /**
   * Of `hardBad`: 503 of a target on this machine, whose threads were kept waiting, or not answered
   * when the run was over.
   */
  readonly unserved: number;
  readonly undefined: number;
  readonly missingMetric: number;
  readonly due: number;
  readonly sent: number;
  readonly dropped: number;
  /** 0 when nothing was answered. */
  readonly serviceMedianMs: number;
  readonly lagP99Ms: number;
  readonly loopMeanMs: number;
  readonly loopP99Ms: number;
  /** The longest the loop stood once. */
  readonly loopMaxMs: number;
  /** The shortest timeout that ended a request of the sample; null when none did. */
  readonly shortestTimeoutMs: number | null;
  /** p90 over seconds of the sender thread's share of a core, 0..1. */
  readonly cpuP90: number;
  /** Largest PSI `some avg10` of the CPU, in %; null where the kernel has none. */
  readonly pressurePercent: number | null;
  /** EMFILE, EADDRNOTAVAIL, ENOBUFS and their like. */
  readonly localFaults: number;
  /** Values and requests past the cap of series, and latencies past the histogram's range. */
  readonly folded: number;
  readonly overflow: number;
  /** Users or rate were changed while it ran. */
  readonly edited: boolean;
  /** Largest distance of a part's share from its weight, in points of 100; 0 without a mix. */
  readonly mixOffPoints: number;
  readonly streams: number;
  readonly bufferedStreams: number;
}

export interface GuardJudgement {
  readonly holds: boolean;
  readonly invalidates: GuardObservation["invalidates"];
  /** One sentence with figures. */
  readonly seen: string;
  /** What was seen and what is allowed, short: `0.30 ms` of `1.00 ms`. */
  readonly figure: string;
  readonly limit: string;
}

/** One way the generator or its machine could have shaped a verdict. */
export interface Guard {
  /** `guard.load.<file>` */
  readonly id: string;
  readonly summary: string;
  readonly reason: ReasonCode;
  readonly kinds: readonly ClaimKind[];
  judge(view: GuardView): GuardJudgement;
  /** What turns a clean view into one this guard must refuse. */
  readonly saboteur: Partial<GuardView>;
}

/** Kinds whose claims stand on the counts or values of requests. */
export const latencyKinds: readonly ClaimKind[] = [
  "quantile",
  "proportion",
  "mean",
  "comparison",
  "predicate",
];

/** Delay of ours that cannot move a verdict: 5 % of the median service, 1 % of the limit. */
export function toleranceMs(view: GuardView, floorMs: number): number {
  return Math.max(floorMs, 0.05 * view.serviceMedianMs, 0.01 * (view.limitMs ?? 0));
}

/** The sample fails even if every value over the limit is forgiven: no delay of ours did that. */
export function failsAnyway(view: GuardView): boolean {
  return carriesFailure(view, view.hardBad);
}

function carriesFailure({ n, target }: GuardView, bad: number): boolean {
  return n > 0 && bad / n > 1 - target;
}

/** A value was over a limit, and no failure without it: a delay of ours can have made it. */
export function delayMatters(view: GuardView): boolean {
  return view.over > 0 && !failsAnyway(view);
}

/**
 * A machine without free processors can have made a failure: it delays values, and it starves what
 * is called on it until our timeouts end the calls, or until it refuses them.
 */
export function contentionMatters(view: GuardView): boolean {
  const { over, timedOut, unserved, hardBad } = view;
  const starved = timedOut + unserved;
  return over + starved > 0 && !carriesFailure(view, hardBad - starved);
}

/** Calls that nobody served carry the failure, and nothing else does. */
export function unservedMatters(view: GuardView): boolean {
  const { unserved, hardBad } = view;
  return unserved > 0 && !carriesFailure(view, hardBad - unserved);
}

/** A thread kept waiting for so long is what makes a server shed load. */
const starvedMs = 100;

/** Whether the loop of a sender once stood so long that a server beside it may have shed load. */
export function standStarves(loopMaxMs: number): boolean {
  return loopMaxMs >= starvedMs;
}

/** A stand of the loop shorter than this share of a timeout made nobody wait for all of it. */
const standShareMin = 0.25;

/** Whether the loop once stood so long that a timeout may have been its own doing. */
export function standExplains(loopMaxMs: number, timeoutMs: number | null): boolean {
  return timeoutMs !== null && loopMaxMs >= standShareMin * timeoutMs;
}

/** A delay over its tolerance is in all blocks of a comparison: what differs looks more alike. */
export function delayBlurs(view: GuardView, delayMs: number, allowedMs: number): boolean {
  return view.interleaved && delayMs > allowedMs;
}

/** Said when a delay is over its tolerance and the verdict does not rest on it. */
export const unmoved = "; no failure rests on it";

/** A share as whole percent. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

export function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
