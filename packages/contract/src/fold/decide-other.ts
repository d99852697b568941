/** `predicate`, `bound` and `coverage`: a counter-example decides, whatever else was seen. */
import type { Claim } from "../claim.ts";
import { formatNumber, formatRatio, formatValue } from "../figure.ts";
import type { Figure } from "../report-model.ts";
import { lowerBound, upperBound } from "../statistics/bounds.ts";
import { bareDecision, type Decision } from "./decision.ts";
import type { PartEvidence } from "./gather.ts";
import type { Judged } from "./join.ts";

/** Spreading a long list into Math.max overflows the stack. */
function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), -Infinity);
}

function judgePredicate(claim: Claim, evidence: PartEvidence): Judged {
  const n = evidence.observations.length;
  const bad = evidence.observations.filter(({ value }) => !value.ok);
  const first = bad[0]?.value.seen ?? "";
  if (bad.length > 0 && bad.length === n) {
    const times = n === 1 ? "" : ` (${formatNumber(n)} of ${formatNumber(n)})`;
    return {
      verdict: "failed",
      reason: "false",
      sentence: `${first || "Observed false."}${times}`,
    };
  }
  if (bad.length > 0) {
    const lower = 1 - upperBound(bad.length, n, claim.confidence);
    const upper = 1 - lowerBound(bad.length, n, claim.confidence);
    const range = `true in ${formatRatio(lower)}..${formatRatio(upper)} of attempts`;
    const sentence = `${formatNumber(bad.length)} of ${formatNumber(n)} attempts false, ${range}: ${first}`;
    return { verdict: "failed", reason: "flaky", sentence };
  }
  const min = claim.min ?? 1;
  if (n < min) {
    const sentence = `${formatNumber(n)} of at least ${formatNumber(min)} observations were made.`;
    return { verdict: "not_tested", reason: "not_run", sentence };
  }
  const last = evidence.observations[0]?.value.seen ?? "";
  return {
    verdict: "passed",
    sentence: last === "" ? `True in ${formatNumber(n)} of ${formatNumber(n)}.` : last,
  };
}

export function decidePredicate(claim: Claim, evidence: PartEvidence): Decision {
  const n = evidence.observations.length;
  const bad = evidence.observations.filter(({ value }) => !value.ok).length;
  const refs = evidence.observations.map(({ seq }) => seq);
  const value = n === 0 ? null : 1 - bad / n;
  const observed: Figure = { value, unit: "ratio", n, provenance: "measured", refs };
  return { ...bareDecision(judgePredicate(claim, evidence), refs), n, bad, observed };
}

function judgeBound(claim: Claim, evidence: PartEvidence, limit: number): Judged {
  const unit = claim.unit ?? "";
  const values = evidence.values.map(({ value }) => value);
  const over = values.filter((value) => value.lower > limit);
  const most = formatValue(largest(values.map((value) => value.upper)), unit);
  const bound = formatValue(limit, unit);
  if (over.length > 0) {
    const sentence = `${formatNumber(over.length)} of ${formatNumber(values.length)} values are over ${bound}; the largest is ${most}.`;
    return { verdict: "failed", reason: "limit", sentence };
  }
  const min = claim.min ?? 1;
  if (values.length < min) {
    const sentence = `${formatNumber(values.length)} of at least ${formatNumber(min)} values were measured.`;
    return { verdict: "inconclusive", reason: "too_short", sentence };
  }
  const fine = values.every((value) => value.resolution <= limit / 10);
  if (fine && values.every((value) => value.upper <= limit)) {
    const sentence = `All ${formatNumber(values.length)} values are at most ${most}, limit ${bound}.`;
    return { verdict: "passed", sentence };
  }
  const sentence = `The largest value may be ${most}; too coarse to decide against ${bound}.`;
  return { verdict: "inconclusive", reason: "resolution", sentence };
}

export function decideBound(claim: Claim, evidence: PartEvidence): Decision {
  const refs = evidence.values.map(({ seq }) => seq);
  const unit = claim.unit ?? "";
  const limit = claim.limit;
  if (limit === undefined) {
    const sentence = "The claim declares no limit.";
    return bareDecision({ verdict: "error", reason: "evidence", sentence }, refs);
  }
  if (refs.length === 0) {
    const sentence = "No value was measured.";
    return bareDecision({ verdict: "not_tested", reason: "not_run", sentence });
  }
  const values = evidence.values.map(({ value }) => value);
  const lower = largest(values.map((value) => value.lower));
  const upper = largest(values.map((value) => value.upper));
  const resolution = largest(values.map((value) => value.resolution));
  return {
    ...bareDecision(judgeBound(claim, evidence, limit), refs),
    n: values.length,
    bad: values.filter((value) => value.lower > limit).length,
    observed: { value: upper, unit, n: values.length, provenance: "measured", refs, resolution },
    limit: { value: limit, unit, provenance: "declared", refs: [] },
    interval: { lower, upper, confidence: claim.confidence, unit },
  };
}

export function decideCoverage(claim: Claim, evidence: PartEvidence): Decision {
  const declared = claim.items ?? [];
  const broken = new Set<string>();
  const seen = new Set<string>();
  for (const { value } of evidence.items) {
    if (!declared.includes(value.item)) continue;
    (value.observed ? seen : broken).add(value.item);
  }
  const refs = evidence.items.map(({ seq }) => seq);
  const missing = declared.filter((item) => !seen.has(item) && !broken.has(item));
  const proven = declared.length - missing.length - broken.size;
  const counted = `${formatNumber(proven)} of ${formatNumber(declared.length)} declared items observed`;
  const value = declared.length === 0 ? null : proven / declared.length;
  const n = declared.length - missing.length;
  const rest = {
    n,
    bad: broken.size,
    observed: { value, unit: "ratio", n, provenance: "measured", refs } satisfies Figure,
    limit: { value: 1, unit: "ratio", provenance: "declared", refs: [] } satisfies Figure,
  };
  const judge = (judged: Judged): Decision => ({ ...bareDecision(judged, refs), ...rest });
  if (broken.size > 0) {
    const sentence = `${counted}; not so: ${[...broken].sort().join(", ")}.`;
    return judge({ verdict: "failed", reason: "false", sentence });
  }
  if (declared.length === 0 || missing.length > 0) {
    const sentence = `${counted}; missing: ${missing.join(", ") || "all"}.`;
    return judge({ verdict: "not_tested", reason: "not_run", sentence });
  }
  return judge({ verdict: "passed", sentence: `${counted}.` });
}
