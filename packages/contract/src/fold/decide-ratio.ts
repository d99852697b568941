/** `proportion`, `quantile` and `trials`: exact binomial tails, then the dependence rule. */
import type { Claim } from "../claim.ts";
import type { SampleTally } from "../evidence/record.ts";
import { formatNumber, formatRatio, formatValue } from "../figure.ts";
import type { Figure, Interval } from "../report-model.ts";
import { lowerBound, upperBound } from "../statistics/bounds.ts";
import { checkDispersion, type Dispersion } from "../statistics/dispersion.ts";
import { decideSequential, type Group, sequentialCap } from "../statistics/sequential.ts";
import { provesFailure, provesSuccess, samplesNeeded } from "../statistics/sampling.ts";
import { type Decision, failConfidence } from "./decision.ts";
import type { PartEvidence } from "./gather.ts";
import type { Judged } from "./join.ts";

export interface Counts {
  readonly n: number;
  readonly bad: number;
  /** Counted both ways; only agreement decides. */
  readonly open: number;
}

function sumTallies(evidence: PartEvidence): Counts & { badBy: Record<string, number> } {
  // A map: a class may have the name of a member every object has.
  const badBy = new Map<string, number>();
  let [n, bad, open] = [0, 0, 0];
  for (const { value } of evidence.tallies) {
    n += value.n;
    bad += value.bad;
    open += value.undefined;
    for (const [key, count] of Object.entries(value.badBy)) {
      badBy.set(key, (badBy.get(key) ?? 0) + count);
    }
  }
  for (const { value } of evidence.observations) {
    n++;
    if (!value.ok) bad++;
  }
  return { n, bad, open, badBy: Object.fromEntries(badBy) };
}

function describe(claim: Claim, c: Counts, target: number): string {
  const at = `at ${formatRatio(target)}, ${formatRatio(claim.confidence)} one-sided`;
  const open = c.open > 0 ? `, ${formatNumber(c.open)} without a value` : "";
  return `${formatNumber(c.bad)} bad of ${formatNumber(c.n)}${open} (${at})`;
}

/** The table of kinds: proven, refuted, or undecided. */
function judgeCounts(claim: Claim, c: Counts, target: number): Judged {
  const seen = describe(claim, c, target);
  const { confidence } = claim;
  if (provesFailure(c.bad, c.n, target, failConfidence(claim))) {
    return { verdict: "failed", reason: "limit", sentence: `${seen}: the opposite is proven.` };
  }
  if (provesSuccess(c.bad + c.open, c.n, target, confidence)) {
    return { verdict: "passed", sentence: `${seen}: proven.` };
  }
  if (c.open > 0 && provesSuccess(c.bad, c.n, target, confidence)) {
    const sentence = `${seen}: the samples without a value could tip it.`;
    return { verdict: "inconclusive", reason: "gaps", sentence };
  }
  const needed = samplesNeeded(c.bad + c.open, target, confidence);
  const enough = needed === null ? "no number is" : `${formatNumber(needed)} are`;
  const sentence = `${seen}: not enough to decide; ${enough} needed with that many bad.`;
  return { verdict: "inconclusive", reason: "interval", sentence };
}

/** Samples in the order they were recorded; a tally without slices is one group. */
function groupsOf(evidence: PartEvidence): Group[] {
  const tallies = evidence.tallies.map(({ seq, value }) => {
    const whole: readonly Group[] = [[value.n, value.bad]];
    return { seq, groups: value.slices.length > 0 ? value.slices : whole };
  });
  const single = evidence.observations.map(({ seq, value }) => {
    const one: readonly Group[] = [[1, value.ok ? 0 : 1]];
    return { seq, groups: one };
  });
  return [...tallies, ...single].sort((a, b) => a.seq - b.seq).flatMap(({ groups }) => groups);
}

/** `mode: sequential`: the first samples that decide; all of them may still refute a pass. */
function judgeSequence(claim: Claim, c: Counts, evidence: PartEvidence, target: number): Judged {
  const { confidence } = claim;
  const at = `at ${formatRatio(target)}, ${formatRatio(confidence)}, sequential`;
  const end = decideSequential(groupsOf(evidence), { target, confidence, open: c.open });
  const seen = `${formatNumber(end.bad)} bad of the first ${formatNumber(end.n)} (${at})`;
  if (end.decision === "failed") {
    return { verdict: "failed", reason: "limit", sentence: `${seen}: the opposite is proven.` };
  }
  if (end.decision === "unproven") {
    const sentence = `${seen}: too many to pass, too few to prove the opposite.`;
    return { verdict: "inconclusive", reason: "interval", sentence };
  }
  if (end.decision === "passed" && !provesFailure(c.bad, c.n, target, confidence)) {
    return { verdict: "passed", sentence: `${seen}: proven.` };
  }
  if (end.decision === "passed") {
    const sentence = `${describe(claim, c, target)}: the opposite is proven.`;
    return { verdict: "failed", reason: "limit", sentence };
  }
  const cap = formatNumber(sequentialCap(target, confidence) ?? 0);
  const sentence = end.isCapped
    ? `${seen}: not decided by ${cap}, where a sequence ends.`
    : `${seen}: not decided yet, and it goes on to ${cap} at most.`;
  return { verdict: "inconclusive", reason: "interval", sentence };
}

function measureDispersion(evidence: PartEvidence, bad: number): Dispersion {
  const slices = evidence.tallies.flatMap(({ value }) => value.slices);
  const sliceMs = evidence.tallies.find(({ value }) => value.sliceMs > 0)?.value.sliceMs ?? 0;
  if (bad < 2) return { factor: 1, dependent: false };
  if (evidence.tallies.some(({ value }) => value.n > 0 && value.slices.length === 0)) {
    return { factor: bad, dependent: true, episodes: 1 };
  }
  return checkDispersion(slices, sliceMs);
}

/** Section 3 rule 5: bursts take a pass away, and a failure that does not survive thinning. */
function applyDispersion(claim: Claim, c: Counts, judged: Judged, d: Dispersion): Judged {
  if (!d.dependent || judged.verdict === "inconclusive") return judged;
  const factor = Math.max(1, d.factor);
  const [n, bad] = [Math.floor(c.n / factor), Math.floor(c.bad / factor)];
  const target = claim.target ?? 1;
  const isSure = provesFailure(bad, n, target, failConfidence(claim));
  if (judged.verdict === "failed" && isSure) return judged;
  const how =
    d.episodes === undefined
      ? `vary ${formatNumber(d.factor)} times as much as independent ones`
      : `fall into ${formatNumber(d.episodes)} episodes, or their times are unknown`;
  const sentence = `${describe(claim, c, target)}, but the bad events ${how}.`;
  return { verdict: "inconclusive", reason: "dependent", sentence };
}

function quantileFigures(
  claim: Claim,
  evidence: PartEvidence,
): Pick<Decision, "observed" | "interval"> {
  const only: Partial<SampleTally> =
    evidence.tallies.length === 1 ? (evidence.tallies[0]?.value ?? {}) : {};
  const refs = evidence.tallies.map(({ seq }) => seq);
  const n = evidence.tallies.reduce((sum, { value }) => sum + value.n, 0);
  const unit = "ms";
  const observed: Figure = {
    value: only.observedMs ?? null,
    unit,
    n,
    provenance: "measured",
    refs,
  };
  const upper = only.upperMs ?? null;
  return { observed, interval: { lower: null, upper, confidence: claim.confidence, unit } };
}

function ratioFigures(claim: Claim, c: Counts, refs: readonly number[]) {
  const value = c.n === 0 ? null : 1 - c.bad / c.n;
  const observed: Figure = { value, unit: "ratio", n: c.n, provenance: "measured", refs };
  const interval: Interval = {
    lower: 1 - upperBound(c.bad + c.open, c.n, claim.confidence),
    upper: 1 - lowerBound(c.bad, c.n, claim.confidence),
    confidence: claim.confidence,
    unit: "ratio",
  };
  return { observed, interval };
}

function limitFigure(claim: Claim, target: number): Figure {
  const isQuantile = claim.kind === "quantile" && claim.limit !== undefined;
  const value = isQuantile ? (claim.limit ?? null) : target;
  return { value, unit: isQuantile ? "ms" : "ratio", provenance: "declared", refs: [] };
}

/** A tally counted against another limit than the claim's says nothing about the claim. */
function limitMismatch(claim: Claim, evidence: PartEvidence): string | null {
  if (claim.kind !== "quantile") return null;
  const other = evidence.tallies.find(({ value }) => value.limitMs !== claim.limit);
  if (!other) return null;
  const seen = other.value.limitMs;
  const found = seen === undefined ? "no limit" : formatValue(seen, "ms");
  return `The tally was counted against ${found}, the claim says ${formatValue(claim.limit ?? NaN, "ms")}.`;
}

/** Decides one closed part of a claim with a success ratio. */
export function decideRatio(claim: Claim, evidence: PartEvidence): Decision {
  const counts = sumTallies(evidence);
  const refs = [...evidence.tallies, ...evidence.observations].map(({ seq }) => seq);
  const target = claim.target ?? 1;
  const figures =
    claim.kind === "quantile"
      ? quantileFigures(claim, evidence)
      : ratioFigures(claim, counts, refs);
  const rest = {
    ...figures,
    limit: limitFigure(claim, target),
    n: counts.n,
    bad: counts.bad,
    undefined: counts.open,
    badBy: counts.badBy,
    evidence: refs,
  };
  const mismatch = limitMismatch(claim, evidence);
  if (claim.target === undefined || mismatch !== null) {
    const sentence = mismatch ?? "The claim declares no target.";
    return { verdict: "error", reason: "evidence", sentence, ...rest };
  }
  if (counts.n === 0) {
    const sentence = "The sample was closed with nothing in it.";
    return { verdict: "not_tested", reason: "not_run", sentence, ...rest };
  }
  if (counts.n < (claim.min ?? 0)) {
    const sentence = `${formatNumber(counts.n)} of at least ${formatNumber(claim.min ?? 0)} samples were taken.`;
    return { verdict: "inconclusive", reason: "too_short", sentence, ...rest };
  }
  const judged =
    claim.mode === "sequential"
      ? judgeSequence(claim, counts, evidence, target)
      : judgeCounts(claim, counts, target);
  const dispersion = measureDispersion(evidence, counts.bad);
  return { ...rest, ...applyDispersion(claim, counts, judged, dispersion) };
}
