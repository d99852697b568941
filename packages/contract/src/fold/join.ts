import { type ReasonCode, reasonCodes, type Verdict, verdictOrder } from "../verdict.ts";

/** 0 is the worst. */
function rank(verdict: Verdict): number {
  return verdictOrder.indexOf(verdict);
}

/** The worse of two verdicts: associative, commutative, idempotent; `passed` is the identity. */
export function joinVerdicts(a: Verdict, b: Verdict): Verdict {
  return rank(a) <= rank(b) ? a : b;
}

/** Worst of all; nothing at all is `not_tested`, never `passed`. */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  return verdicts.length === 0 ? "not_tested" : verdicts.reduce(joinVerdicts);
}

/** The reason codes of a verdict; none for `passed`. */
export function reasonsOf(verdict: Verdict): readonly ReasonCode[] {
  return verdict === "passed" ? [] : reasonCodes[verdict];
}

/** Whether `reason` may stand beside `verdict`. */
export function isReasonOf(verdict: Verdict, reason: unknown): reason is ReasonCode {
  return reasonsOf(verdict).some((code) => code === reason);
}

export interface Judged {
  readonly verdict: Verdict;
  readonly reason?: ReasonCode;
  readonly sentence: string;
}

/** Sorts worst first; equal verdicts by reason (the more specific is later in the table), text. */
function compareJudged(a: Judged, b: Judged): number {
  if (a.verdict !== b.verdict) return rank(a.verdict) - rank(b.verdict);
  const codes = reasonsOf(a.verdict);
  const place = (j: Judged): number => (j.reason === undefined ? -1 : codes.indexOf(j.reason));
  if (place(a) !== place(b)) return place(b) - place(a);
  return a.sentence < b.sentence ? -1 : Number(a.sentence > b.sentence);
}

/** The worse of two judgements, independent of their order. */
export function joinJudged(a: Judged, b: Judged): Judged {
  return compareJudged(a, b) <= 0 ? a : b;
}
