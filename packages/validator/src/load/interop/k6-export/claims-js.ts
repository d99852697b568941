import type { BoundClaim } from "../../thresholds/bound-claim.ts";
import type { LoadLimit } from "../../types.ts";
import type { Unmapped } from "./unmapped.ts";

/** One sample of one claim, as the script counts it. */
export interface ExportedClaim {
  readonly id: string;
  readonly part: string;
  readonly rateName: string;
  readonly scenario: string;
  readonly step: string | null;
  readonly metric: "response_time" | "service_time" | "errors";
  readonly limitMs: number | null;
  readonly invert: boolean;
  /** Success ratio of the claim, for k6's own threshold. */
  readonly target: number;
}

export interface ExportedClaims {
  readonly claims: readonly ExportedClaim[];
  /** Claims the script cannot show. */
  readonly notTested: readonly { readonly id: string; readonly why: string }[];
}

const metrics = ["response_time", "service_time", "errors"] as const;
/** k6's clock has whole milliseconds. */
const limitMsMin = 20;

/**
 * Which claims a script can count; the others are named with their reason, those on a scenario of
 * `cut` with what it lacks.
 */
export function exportClaims(
  bound: readonly BoundClaim[],
  unmapped: Unmapped,
  cut: ReadonlyMap<string, string> = new Map(),
): ExportedClaims {
  const claims: ExportedClaim[] = [];
  const notTested: { id: string; why: string }[] = [];
  const names = new Set<string>();
  for (const one of bound) {
    // Kept by the ok counts of each scenario.
    if (one.claim.id === "load.alive") continue;
    const why = reasonAgainst(one);
    if (why !== null) {
      notTested.push({ id: one.claim.id, why });
      unmapped.add(`thresholds of ${one.claim.id}`, why);
      continue;
    }
    const lacks = one.limits.map(({ scenario }) => cut.get(scenario)).find(isText);
    if (lacks !== undefined) {
      notTested.push({ id: one.claim.id, why: lacks });
      continue;
    }
    for (const limit of one.limits) claims.push(claimOf(one, limit, names));
  }
  return { claims, notTested };
}

const isText = (text: string | undefined): text is string => text !== undefined;

function reasonAgainst({ claim, limits, figure, baseline }: BoundClaim): string | null {
  if (baseline !== undefined) return "a comparison needs two arms";
  if (figure !== undefined || (claim.kind !== "quantile" && claim.kind !== "proportion")) {
    return "a figure of the run is no share of requests";
  }
  if (claim.over !== undefined) return "k6 keeps no windows";
  if (limits.length === 0) return "nothing is counted for it";
  const other = limits.find(({ metric }) => !metrics.some((one) => one === metric));
  if (other !== undefined) return `${other.metric} has no stock form in k6`;
  if (limits.some(({ invert, limitMs }) => invert === true && limitMs !== undefined)) {
    return "a share that must be slower has no stock form in k6";
  }
  const short = limits.find(({ limitMs }) => limitMs !== undefined && limitMs < limitMsMin);
  return short === undefined ? null : `a limit under ${limitMsMin} ms is below k6's resolution`;
}

function claimOf(
  { claim, limits }: BoundClaim,
  limit: LoadLimit,
  taken: Set<string>,
): ExportedClaim {
  const several = limits.length > 1 ? `__${limit.part}_${limit.scenario}` : "";
  const base = `ll_over_${`${claim.id}${several}`.replaceAll(/[^A-Za-z0-9]/g, "_")}`.slice(0, 110);
  let rateName = base;
  for (let next = 2; taken.has(rateName); next++) rateName = `${base}_${next}`;
  taken.add(rateName);
  return {
    id: claim.id,
    part: limit.part,
    rateName,
    scenario: limit.scenario,
    step: limit.step ?? null,
    metric: metrics.find((one) => one === limit.metric) ?? "errors",
    limitMs: limit.limitMs ?? null,
    invert: limit.invert ?? false,
    target: claim.target ?? 1,
  };
}
