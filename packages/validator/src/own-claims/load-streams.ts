import { type Claim, formatValue, isOverOffer } from "@loadline/contract";
import type { BoundClaim, LoadLimit } from "../load/index.ts";
import type { LoadManifest } from "../plan/manifest.ts";
import { type LoadScenarioName, loadScenarios } from "../plan/load-claims.ts";

/** What one stream of the chat's load is counted from, and the claims it decides. */
interface LoadStream {
  readonly metric: LoadLimit["metric"];
  readonly kinds: readonly Claim["kind"][];
  /** Absent: of both ways to ask. */
  readonly only?: LoadScenarioName;
  readonly text: string;
  /** Unit of a mean on it. */
  readonly unit?: string;
}

const streams: Readonly<Record<string, LoadStream>> = {
  errors: {
    metric: "errors",
    kinds: ["proportion", "time_availability"],
    text: "due requests with a good answer; seconds in which half or more had none",
  },
  response_time: {
    metric: "response_time",
    kinds: ["quantile", "mean"],
    text: "from when a request fell due to the end of its answer",
    unit: "ms",
  },
  service_time: {
    metric: "service_time",
    kinds: ["quantile", "mean"],
    text: "from sending to the end of the answer",
    unit: "ms",
  },
  good_per_second: {
    metric: "errors",
    kinds: ["mean"],
    text: "good answers of each second",
    unit: "requests/s",
  },
  ttft_open: {
    metric: "ttft_open",
    kinds: ["quantile", "mean"],
    only: "stream",
    text: "from when a request fell due to its first token",
    unit: "ms",
  },
  good: {
    metric: "good",
    kinds: ["proportion"],
    only: "stream",
    text: "due requests within the limits of `load`",
  },
};

/** A stream of the load stage that claims can be made of. */
export interface OwnLoadStream extends LoadStream {
  readonly stream: string;
  readonly scenario: LoadScenarioName;
}

/** Every stream of the chat's load, by scenario and what is counted. */
export const ownLoadStreams: readonly OwnLoadStream[] = loadScenarios.flatMap((scenario) =>
  Object.entries(streams)
    .filter(([, { only }]) => only === undefined || only === scenario)
    .map(([name, row]) => ({ ...row, scenario, stream: `load.${scenario}.${name}` })),
);

const streamOf = (claim: Claim): OwnLoadStream | undefined =>
  ownLoadStreams.find(({ stream }) => stream === claim.of);

/** Any value is over it: the limit of a mean decides, not that of a count. */
const leastMs = 1;

function limitOf(claim: Claim, load: LoadManifest): LoadLimit[] {
  const row = streamOf(claim);
  if (row === undefined) return [];
  const { metric, scenario } = row;
  const isCounted = metric === "errors" || metric === "good";
  const isMean = claim.kind === "mean";
  return [
    {
      scenario,
      metric,
      claim: claim.id,
      stream: claim.of,
      part: "all",
      confidence: claim.confidence,
      ...(claim.target !== undefined && { quantile: claim.target }),
      ...(!isCounted && {
        limitMs: isMean ? Math.max(leastMs, claim.limit ?? 0) : (claim.limit ?? 0),
      }),
      ...(isMean && !isCounted && { figures: true }),
      ...(metric === "good" && { slo: { responseTimeMs: load.p99Ms, ttftMs: load.ttftP95Ms } }),
    },
  ];
}

/** Whether the chat's load is counted for a claim; of another stream, or another kind, it is not. */
export function isLoadCounted(claim: Claim): boolean {
  return streamOf(claim)?.kinds.includes(claim.kind) === true;
}

/** What the engine counts for the claims of the plan's own. */
export function ownLimits(claims: readonly Claim[], load: LoadManifest): LoadLimit[] {
  return claims.filter(isLoadCounted).flatMap((claim) => limitOf(claim, load));
}

/** How slices of counts become the means of a claim. */
export function meanRule(claim: Claim): NonNullable<BoundClaim["figure"]> {
  const row = streamOf(claim);
  const isRate = row?.metric === "errors";
  const limit = { value: claim.limit ?? 0, unit: isRate ? "per_second" : "ms", text: "" } as const;
  return {
    of: isRate ? "per_second" : "trend",
    aggregation: "avg",
    operator: claim.side === "above" ? ">" : "<",
    limit,
    counter: isRate ? "ok" : null,
    scenarios: row === undefined ? [] : [row.scenario],
  };
}

/** A claim to a rate, with what the load asks for: no more good answers come back. */
export function withOffer(claim: Claim, load: LoadManifest): Claim {
  const isRate = claim.kind === "mean" && streamOf(claim)?.metric === "errors";
  return isRate && claim.side === "above" ? { ...claim, offered: load.ratePerSecond } : claim;
}

/** Why the load says nothing of a claim to a rate; null when it does. */
export function offerGap(claim: Claim): string | null {
  if (!isOverOffer(claim)) return null;
  const { limit = 0, offered = 0, unit = "" } = claim;
  return `The load asks for ${formatValue(offered, unit)}: whether the target keeps ${formatValue(limit, unit)} was not asked.`;
}

/** Names of the windows of a claim `over` a time, from the length of load; none is over by itself. */
export function windowNames(claim: Claim, load: LoadManifest): readonly string[] {
  const count = Math.floor((load.durationSeconds * 1_000) / (claim.over ?? Infinity));
  return Array.from({ length: count }, (_, index) => `w${index + 1}`);
}
