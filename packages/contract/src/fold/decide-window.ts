/** `window_slo`: good of total over a window of stored monitoring data, most of whose samples exist. */
import type { Claim } from "../claim.ts";
import type { WindowSample } from "../evidence/record.ts";
import { formatDuration, formatNumber, formatRatio } from "../figure.ts";
import { bareDecision, type Decision } from "./decision.ts";
import type { PartEvidence } from "./gather.ts";
import type { Judged } from "./join.ts";

/** Least share of the expected samples that is to be there. */
export const presentMin = 0.95;

type Window = Omit<WindowSample, "stream" | "part">;

const shareOf = ({ good, total }: Window): number => Math.min(1, good / total);
const presentOf = ({ present, expected }: Window): number => present / expected;

/**
 * Whether the window is below its objective. Where samples are missing they are taken for good ones
 * at the rate of the others: what is not there refutes nothing.
 */
function isBelow(one: Window, target: number): boolean {
  const share = shareOf(one);
  const missing = presentOf(one) >= presentMin ? 1 : presentOf(one);
  return (1 - share) * missing > (1 - target) * (1 + 1e-12);
}

function judge(windows: readonly Window[], worst: Window, target: number): Judged {
  const seen = `${formatRatio(shareOf(worst))} of ${formatNumber(Math.round(worst.total))} were good in ${formatDuration(worst.windowMs)}, ${formatNumber(worst.present)} of ${formatNumber(worst.expected)} samples present`;
  const at = `objective ${formatRatio(target)}`;
  if (windows.some((one) => one.total > 0 && isBelow(one, target))) {
    return { verdict: "failed", reason: "limit", sentence: `${seen}: below the ${at}.` };
  }
  if (windows.some((one) => presentOf(one) < presentMin)) {
    const sentence = `${seen}, under ${formatRatio(presentMin)} of them; ${at}.`;
    return { verdict: "inconclusive", reason: "gaps", sentence };
  }
  if (windows.some((one) => one.total === 0)) {
    const sentence = `Nothing happened in ${formatDuration(worst.windowMs)}; ${at}.`;
    return { verdict: "not_tested", reason: "not_run", sentence };
  }
  return { verdict: "passed", sentence: `${seen}: it keeps the ${at}.` };
}

/** The window with the lowest share, first those that have one. */
function worstOf(windows: readonly Window[]): Window | undefined {
  const busy = windows.filter(({ total }) => total > 0);
  return busy.toSorted((a, b) => shareOf(a) - shareOf(b))[0] ?? windows[0];
}

/** Decides one part of a `window_slo` claim; of several windows each has to keep the objective. */
export function decideWindow(claim: Claim, evidence: PartEvidence): Decision {
  const refs = evidence.windows.map(({ seq }) => seq);
  const windows = evidence.windows.map(({ value }) => value);
  const worst = worstOf(windows);
  const { target } = claim;
  if (target === undefined || worst === undefined) {
    const sentence = "The claim declares no objective.";
    return bareDecision({ verdict: "error", reason: "evidence", sentence }, refs);
  }
  const n = Math.round(worst.total);
  const value = worst.total === 0 ? null : shareOf(worst);
  return {
    ...bareDecision(judge(windows, worst, target), refs),
    n,
    bad: Math.max(0, Math.round(worst.total - worst.good)),
    undefined: worst.expected - worst.present,
    observed: { value, unit: "ratio", n, provenance: "measured", refs },
    limit: { value: target, unit: "ratio", provenance: "declared", refs: [] },
  };
}
