import type { Claim } from "../claim.ts";
import { formatDuration, formatNumber, formatValue } from "../figure.ts";
import { isOverOffer } from "../plan/plan-samples.ts";
import type { PartVerdict } from "../report-model.ts";
import { cleanTimeToProveMs } from "../statistics/episodes.ts";
import { sequentialClean } from "../statistics/sequential.ts";
import { samplesNeeded } from "../statistics/sampling.ts";

function unitOf(claim: Claim, count: number): string {
  const one = claim.kind === "trials" ? "trial" : "request";
  return count === 1 ? one : `${one}s`;
}

const clean = (claim: Claim): string => (claim.kind === "quantile" ? "none over" : "none bad");

function moreSamples(claim: Claim, part: PartVerdict, rate: number | null): string {
  const isNewRun = part.verdict === "failed" || part.n === 0;
  const bad = isNewRun ? 0 : part.bad + part.undefined;
  const { target = 1, confidence } = claim;
  const isSequence = claim.mode === "sequential";
  const needed =
    isSequence && bad === 0
      ? sequentialClean(target, confidence)
      : samplesNeeded(bad, target, confidence);
  if (needed === null) return "no number of samples proves a target of 100 %";
  const more = isNewRun ? needed : Math.max(1, needed - part.n);
  const time =
    rate === null || rate <= 0 ? "" : ` (about ${formatDuration((more / rate) * 1_000)})`;
  const count = `${formatNumber(more)}${isNewRun ? "" : " more"} ${unitOf(claim, more)}`;
  return `${count}, ${clean(claim)}${time}`;
}

const byReason: Readonly<Record<string, string>> = {
  flaky: "a run in which every attempt is true",
  silent: "a check that records what it observed",
  crashed: "a run in which the check does not break",
  probe_contract: "a target with this route",
  undo_failed: "a run in which every fault is undone",
  evidence: "a run whose evidence is whole and fits the claim",
  dependent: "a longer run, or one in which bad requests do not come in bursts",
  generator: "a run in which the load generator keeps up",
  noise: "a run on a quieter machine",
  resolution: "a finer measurement",
  gaps: "a run in which every sample has a value",
  foreign: "our own measurement, or `accept: imported` in the plan",
  control: "a run in which the guard holds",
  skipped: "a run without the skip",
  tool_missing: "the missing tool",
  capability_missing: "a target with this capability",
  baseline_broken: "a target that answers before the check begins",
  stale: "results not older than 24 h",
  over_budget: "a larger time budget",
  too_short: "a longer run",
};

/** An interval around the limit: what narrows it. */
const byKind: Readonly<Record<string, string>> = {
  mean: "a longer run, or a mean further from the limit",
  comparison: "more interleaved pairs, or a larger accepted difference",
};

const untested: readonly string[] = ["not_run", "cancelled"];

/** What the kinds that no number of samples describes lack, and for which reasons. */
const byOwnKind: Readonly<
  Record<string, { readonly reasons: readonly string[]; text(claim: Claim): string }>
> = {
  zero_loss: {
    reasons: [...untested, "control"],
    text: () =>
      "a ledger of 1,000 acknowledged writes or more, wholly compared, and a planted loss seen",
  },
  window_slo: {
    reasons: [...untested, "gaps"],
    text: () => "stored samples of the whole window",
  },
  mean: {
    reasons: ["not_run"],
    text(claim) {
      const { limit = 0, unit = "" } = claim;
      const more = `a load that asks for more than ${formatValue(limit, unit)}`;
      return isOverOffer(claim) ? more : moreObservations(claim);
    },
  },
  time_availability: {
    reasons: [...untested, "too_short"],
    text({ limit = 0, target = 1, confidence }) {
      const ms = cleanTimeToProveMs(limit, target, confidence);
      return ms === null ? "a target under 100 %" : `${formatDuration(ms)} without an outage`;
    },
  },
};

const ratioKinds: ReadonlySet<string> = new Set(["proportion", "quantile", "trials"]);

function moreObservations({ kind, min = 1 }: Claim): string {
  if (kind === "coverage") return "every declared item observed";
  const [what, clear] =
    kind === "bound" ? ["measured value", "none over"] : ["observation", "none false"];
  return `${formatNumber(min)} ${what}${min === 1 ? "" : "s"}, ${clear}`;
}

/** What would turn the part into `passed`; empty when it is. `rate` is events per second seen. */
export function describeProof(claim: Claim, part: PartVerdict, rate: number | null): string {
  if (part.verdict === "passed") return "";
  const own = byOwnKind[claim.kind];
  if (own?.reasons.includes(part.reason ?? "") === true) return own.text(claim);
  const needsSamples = ["interval", "not_run", "cancelled", "limit"];
  if (ratioKinds.has(claim.kind) && needsSamples.includes(part.reason ?? "")) {
    const prefix = part.verdict === "failed" ? "a corrected target, then " : "";
    return prefix + moreSamples(claim, part, rate);
  }
  const text = part.reason === "interval" ? byKind[claim.kind] : byReason[part.reason ?? ""];
  if (text !== undefined) return text;
  if (part.verdict === "failed") return "a corrected target, then a new run";
  return moreObservations(claim);
}
