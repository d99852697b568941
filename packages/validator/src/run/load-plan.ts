import { hostOf, parseHttpUrl } from "@loadline/kit/egress";
import type { LoadLimit, LoadPlan, Scenario } from "../load/index.ts";
import type { Claim } from "@loadline/contract";
import { ownLimits } from "../own-claims/load-streams.ts";
import { loadClaims, type LoadScenarioName, loadScenarios } from "../plan/load-claims.ts";
import type { PlanStages } from "../plan/stages.ts";

const prompts = [
  "Say hello.",
  "Name one colour.",
  "What is a load line?",
  "Count to three.",
] as const;

/** How long answers may take after the last request, part of the run's time budget. */
export const gracefulStopMs = 8_000;

function scenario(stages: PlanStages, name: LoadScenarioName, model: string): Scenario {
  const { load } = stages;
  return {
    executor: "constant-arrival-rate",
    rate: load.ratePerSecond,
    durationMs: (load.warmupSeconds + load.durationSeconds) * 1000,
    warmupMs: load.warmupSeconds * 1000,
    gracefulStopMs,
    // Half a gap apart, so that the two scenarios never ask in the same instant.
    startMs: name === "stream" ? 500 / load.ratePerSecond : 0,
    arrivals: "even",
    request: {
      kind: "chat",
      model,
      prompts,
      maxTokens: load.maxTokens,
      stream: name === "stream",
    },
  };
}

function limits(stages: PlanStages, confidence: number, own: readonly Claim[]): LoadLimit[] {
  const { load } = stages;
  const builtIn = loadClaims(load, confidence).map(({ claim, scenario: name, metric }) => ({
    scenario: name,
    metric,
    claim: claim.id,
    stream: claim.of,
    part: "all",
    confidence: claim.confidence,
    ...(claim.target === undefined ? {} : { quantile: claim.target }),
    ...(claim.limit === undefined ? {} : { limitMs: claim.limit }),
    ...(metric === "good" ? { slo: { responseTimeMs: load.p99Ms, ttftMs: load.ttftP95Ms } } : {}),
  }));
  return [...builtIn, ...ownLimits(own, load)];
}

/** What the load engine is asked to send and to count for the claims of the plan. */
export function buildLoadPlan(
  stages: PlanStages,
  o: {
    baseUrl: string;
    model: string;
    confidence: number;
    apiKey?: string;
    /** Claims of the plan's own. */
    own?: readonly Claim[];
  },
): LoadPlan {
  const host = hostOf(parseHttpUrl(o.baseUrl));
  const entries = loadScenarios.map((name) => [name, scenario(stages, name, o.model)] as const);
  return {
    target: {
      baseUrl: o.baseUrl,
      allowHosts: [host],
      ...(o.apiKey === undefined ? {} : { apiKey: o.apiKey }),
    },
    seed: stages.load.seed,
    scenarios: Object.fromEntries(entries),
    limits: limits(stages, o.confidence, o.own ?? []),
  };
}
