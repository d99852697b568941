import { type Claim, formatValue, isOverOffer } from "@loadline/contract";
import type { BoundClaim, LoadLimit } from "../load/index.ts";
import type { LoadManifest } from "../plan/manifest.ts";
import { type LoadScenarioName, loadScenarios } from "../plan/load-claims.ts";
import { underTarget } from "../plan/targets.ts";

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

/** `load.eu.chat.errors` as the target's name and the stream it has in a plan with one target. */
const chatPattern = new RegExp(`^load\\.(?:([^.]+)\\.)?((?:${loadScenarios.join("|")})\\.[^.]+)$`);

/** The stream of the chat's load that a claim is made of, with the name of its target. */
export function chatStreamOf({ of }: Pick<Claim, "of">) {
  const [, key = null, rest = ""] = chatPattern.exec(of) ?? [];
  const row = ownLoadStreams.find(({ stream }) => stream === `load.${rest}`);
  return row === undefined ? undefined : { ...row, key };
}

/** Any value is over it: the limit of a mean decides, not that of a count. */
const leastMs = 1;

function limitOf(claim: Claim, load: LoadManifest): LoadLimit[] {
  const row = chatStreamOf(claim);
  if (row === undefined) return [];
  const { metric } = row;
  const scenario = underTarget(row.key, row.scenario);
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

/** Whether the chat's load on this target is counted for a claim; of another stream, or kind, it is not. */
export function isLoadCounted(claim: Claim, key: string | null): boolean {
  const row = chatStreamOf(claim);
  return row?.key === key && row.kinds.includes(claim.kind);
}

/** What the engine counts for the claims of the plan's own, while it loads this target. */
export function ownLimits(
  claims: readonly Claim[],
  load: LoadManifest,
  key: string | null,
): LoadLimit[] {
  return claims
    .filter((claim) => isLoadCounted(claim, key))
    .flatMap((claim) => limitOf(claim, load));
}

/** How slices of counts become the means of a claim. */
export function meanRule(claim: Claim): NonNullable<BoundClaim["figure"]> {
  const row = chatStreamOf(claim);
  const isRate = row?.metric === "errors";
  const limit = { value: claim.limit ?? 0, unit: isRate ? "per_second" : "ms", text: "" } as const;
  return {
    of: isRate ? "per_second" : "trend",
    aggregation: "avg",
    operator: claim.side === "above" ? ">" : "<",
    limit,
    counter: isRate ? "ok" : null,
    scenarios: row === undefined ? [] : [underTarget(row.key, row.scenario)],
  };
}

/** A claim to a rate, with what the load asks for: no more good answers come back. */
export function withOffer(claim: Claim, load: LoadManifest): Claim {
  const isRate = claim.kind === "mean" && chatStreamOf(claim)?.metric === "errors";
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
