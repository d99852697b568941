/** `time_availability`: outages over observed time; only a clean time long enough is a proof. */
import type { Claim } from "../claim.ts";
import { formatDuration, formatNumber, formatRatio } from "../figure.ts";
import { cleanTimeToProveMs } from "../statistics/episodes.ts";
import { bareDecision, type Decision } from "./decision.ts";
import type { PartEvidence } from "./gather.ts";
import type { Judged } from "./join.ts";

/** Fewer outages say nothing of how often they come. */
export const episodesToFail = 3;

interface Seen {
  readonly observedMs: number;
  readonly resolutionMs: number;
  readonly episodes: number;
  /** Time that was surely down, and that may have been. */
  readonly leastMs: number;
  readonly mostMs: number;
}

function sumUp(evidence: PartEvidence): Seen {
  const all = evidence.episodes.map(({ value }) => value);
  const each = all.flatMap(({ episodes }) => episodes);
  return {
    observedMs: all.reduce((sum, one) => sum + one.observedMs, 0),
    resolutionMs: all.reduce((most, one) => Math.max(most, one.resolutionMs), 0),
    episodes: each.length,
    leastMs: each.reduce((sum, [, leastMs]) => sum + leastMs, 0),
    mostMs: each.reduce((sum, [, , mostMs]) => sum + mostMs, 0),
  };
}

/** How outages come: no longer than `episodeMs` each. */
interface Terms {
  readonly target: number;
  readonly episodeMs: number;
}

function judge(claim: Claim, { target, episodeMs }: Terms, seen: Seen): Judged {
  const time = formatDuration(seen.observedMs);
  const at = `${formatRatio(target)}, outages of ${formatDuration(episodeMs)}, ${formatRatio(claim.confidence)} one-sided`;
  if (seen.episodes > 0) {
    const down = `${formatNumber(seen.episodes)} outages, ${formatDuration(seen.leastMs)} to ${formatDuration(seen.mostMs)} of ${time} (${at})`;
    const isOver = seen.leastMs / seen.observedMs > 1 - target;
    if (isOver && seen.episodes >= episodesToFail) {
      return { verdict: "failed", reason: "limit", sentence: `${down}: more than it may be.` };
    }
    const sentence = `${down}: only a time without any proves it.`;
    return { verdict: "inconclusive", reason: "too_short", sentence };
  }
  if (seen.resolutionMs > episodeMs) {
    const sentence = `No outage in ${time} (${at}), but one under ${formatDuration(seen.resolutionMs)} may have gone unseen.`;
    return { verdict: "inconclusive", reason: "resolution", sentence };
  }
  const needMs = cleanTimeToProveMs(episodeMs, target, claim.confidence);
  if (needMs !== null && seen.observedMs >= needMs) {
    return { verdict: "passed", sentence: `No outage in ${time} (${at}): proven.` };
  }
  const need = needMs === null ? "no time is" : `${formatDuration(needMs)} without any are`;
  const sentence = `No outage in ${time} (${at}): ${need} needed.`;
  return { verdict: "inconclusive", reason: "too_short", sentence };
}

/** Decides one part of a `time_availability` claim; observed time and outages of its records add up. */
export function decideTime(claim: Claim, evidence: PartEvidence): Decision {
  const refs = evidence.episodes.map(({ seq }) => seq);
  const { target, limit } = claim;
  if (target === undefined || limit === undefined || claim.unit !== "ms") {
    const sentence = "The claim declares no target, or no length of an outage.";
    return bareDecision({ verdict: "error", reason: "evidence", sentence }, refs);
  }
  const seen = sumUp(evidence);
  if (seen.observedMs === 0) {
    const sentence = "No time was observed.";
    return bareDecision({ verdict: "not_tested", reason: "not_run", sentence }, refs);
  }
  const n = Math.floor(seen.observedMs / 1_000);
  const of = (downMs: number): number => Math.max(0, 1 - downMs / seen.observedMs);
  return {
    ...bareDecision(judge(claim, { target, episodeMs: limit }, seen), refs),
    n,
    bad: seen.episodes,
    observed: { value: of(seen.mostMs), unit: "ratio", n, provenance: "measured", refs },
    limit: { value: target, unit: "ratio", provenance: "declared", refs: [] },
    interval: {
      lower: of(seen.mostMs),
      upper: of(seen.leastMs),
      confidence: claim.confidence,
      unit: "ratio",
    },
  };
}
