/** `comparison`: B against A over interleaved blocks, with A against itself in the same run. */
import type { Claim } from "../claim.ts";
import { formatNumber, formatRatio } from "../figure.ts";
import { hodgesLehmann, pairsDefault, type ShiftInterval } from "../statistics/comparison.ts";
import { bareDecision, type Decision } from "./decision.ts";
import type { PartEvidence } from "./gather.ts";
import type { Judged } from "./join.ts";

/** A shift of logarithms as a ratio: 0.1 = 10 % more. */
const ratioOf = (shift: number): number => Math.exp(shift) - 1;

const signed = (shift: number): string => {
  const ratio = ratioOf(shift);
  return ratio < 0 ? `-${formatRatio(-ratio)}` : `+${formatRatio(ratio)}`;
};

function range(s: ShiftInterval): string {
  return `${signed(s.shift)} (${s.lower === null ? "?" : signed(s.lower)}..${s.upper === null ? "?" : signed(s.upper)})`;
}

function judge(claim: Claim, limit: number, ab: ShiftInterval, aa: ShiftInterval): Judged {
  const seen = `B against A ${range(ab)}, A against itself ${range(aa)}`;
  const differs = (aa.lower ?? 0) > 0 || (aa.upper ?? 0) < 0;
  if (differs) {
    const sentence = `${seen}: the baseline differs from itself, so the machine was not quiet enough.`;
    return { verdict: "inconclusive", reason: "noise", sentence };
  }
  const edge = Math.log1p(limit);
  const at = `${formatRatio(limit)} worse, ${formatRatio(claim.confidence)} one-sided`;
  if (ab.lower !== null && ab.lower > edge) {
    return { verdict: "failed", reason: "limit", sentence: `${seen}: more than ${at}.` };
  }
  if (ab.upper !== null && ab.upper < edge) {
    return { verdict: "passed", sentence: `${seen}: less than ${at}.` };
  }
  const sentence = `${seen}: ${formatRatio(limit)} lies inside.`;
  return { verdict: "inconclusive", reason: "interval", sentence };
}

/** Decides one part of a `comparison` claim; the self-comparison is two-sided at its confidence. */
export function decideComparison(claim: Claim, evidence: PartEvidence): Decision {
  const refs = evidence.blocks.map(({ seq }) => seq);
  const { limit, confidence } = claim;
  const blocks = evidence.blocks.flatMap(({ value }) => value.blocks);
  const n = blocks.length;
  if (limit === undefined) {
    const sentence = "The claim declares no accepted difference.";
    return bareDecision({ verdict: "error", reason: "evidence", sentence }, refs);
  }
  const limitFigure = { value: limit, unit: "ratio", provenance: "declared", refs: [] } as const;
  const ab = hodgesLehmann(
    blocks.map(([a, , b]) => Math.log(b / a)),
    confidence,
  );
  const aa = hodgesLehmann(
    blocks.map(([a, again]) => Math.log(again / a)),
    (1 + confidence) / 2,
  );
  const least = claim.min ?? pairsDefault;
  if (n < least || ab === null || aa === null) {
    const sentence = `${formatNumber(n)} of at least ${formatNumber(least)} interleaved pairs were measured.`;
    const judged = { verdict: "inconclusive", reason: "too_short", sentence } as const;
    return { ...bareDecision(judged, refs), n, limit: limitFigure };
  }
  const bound = (shift: number | null): number | null => (shift === null ? null : ratioOf(shift));
  return {
    ...bareDecision(judge(claim, limit, ab, aa), refs),
    n,
    observed: { value: ratioOf(ab.shift), unit: "ratio", n, provenance: "measured", refs },
    limit: limitFigure,
    interval: { lower: bound(ab.lower), upper: bound(ab.upper), confidence, unit: "ratio" },
  };
}
