import { provesFailure, provesSuccess } from "@loadline/contract/browser";
import type { HdrBucket } from "@loadline/kit/histogram";

/** A limit that nobody counted while the run went on. */
export interface LaterLimit {
  readonly limitMs: number;
  /** 0..1, exclusive. */
  readonly quantile: number;
  readonly confidence: number;
}

/** What a run kept of the requests it is for: due in the measured phase, and bad whatever the limit. */
export interface KeptSample {
  readonly n: number;
  readonly hardBad: number;
  /** Of good answers. */
  readonly buckets: readonly HdrBucket[];
}

/** At least `sure` and at most `possible` of `n` are over the limit; both must decide alike. */
export interface LaterVerdict {
  readonly n: number;
  readonly sure: number;
  readonly possible: number;
  readonly verdict: "passed" | "failed" | "inconclusive";
  /** Null unless it is inconclusive: too few samples, or buckets too wide for this limit. */
  readonly reason: "samples" | "resolution" | null;
}

/** Widest bucket of a recorder, by its upper edge: what was told at the edge may lie so far below. */
const widthShare = 1 / 256;

/** Judges a limit by the edges of buckets; a value nobody could measure is counted both ways. */
export function judgeLater(kept: KeptSample, limit: LaterLimit): LaterVerdict {
  const limitUs = limit.limitMs * 1_000;
  const { n, hardBad, buckets } = kept;
  let [sureOver, possibleOver, known] = [0, 0, 0];
  for (const { lowUs, highUs, count } of buckets) {
    known += count;
    if (lowUs * (1 - widthShare) - 1 >= limitUs) sureOver += count;
    if (highUs + 1 >= limitUs) possibleOver += count;
  }
  const unknown = Math.max(0, n - hardBad - known);
  const sure = hardBad + sureOver;
  const possible = Math.min(n, hardBad + possibleOver + unknown);
  const [most, least] = [decide(possible, n, limit), decide(sure, n, limit)];
  const verdict = most === least ? most : "inconclusive";
  const reason = verdict === "inconclusive" ? (most === least ? "samples" : "resolution") : null;
  return { n, sure, possible, verdict, reason };
}

function decide(bad: number, n: number, o: LaterLimit): LaterVerdict["verdict"] {
  if (n === 0) return "inconclusive";
  if (provesSuccess(bad, n, o.quantile, o.confidence)) return "passed";
  return provesFailure(bad, n, o.quantile, o.confidence) ? "failed" : "inconclusive";
}
