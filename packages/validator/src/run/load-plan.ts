import { hostOf, parseHttpUrl } from "@loadline/kit/egress";
import type { LoadLimit, LoadPlan, Scenario } from "../load/index.ts";
import type { Claim } from "@loadline/contract";
import { ownLimits } from "../own-claims/load-streams.ts";
import { loadClaims, type LoadScenarioName, loadScenarios } from "../plan/load-claims.ts";
import type { LoadManifest } from "../plan/manifest.ts";
import type { PlanStages } from "../plan/stages.ts";
import { streamUnder, underTarget } from "../plan/targets.ts";

/** What every chat under load asks. */
export const chatPrompts = [
  "Say hello.",
  "Name one colour.",
  "What is a load line?",
  "Count to three.",
] as const;

/** How long answers may take after the last request, part of the run's time budget. */
export const gracefulStopMs = 8_000;

function scenario(load: LoadManifest, name: LoadScenarioName, model: string): Scenario {
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
      prompts: chatPrompts,
      maxTokens: load.maxTokens,
      stream: name === "stream",
    },
  };
}

function limits(
  load: LoadManifest,
  key: string | null,
  o: { readonly confidence: number; readonly own?: readonly Claim[] },
): LoadLimit[] {
  const builtIn = loadClaims(load, o.confidence).map(({ claim, scenario: name, metric }) => ({
    scenario: underTarget(key, name),
    metric,
    claim: underTarget(key, claim.id),
    stream: streamUnder(key, claim.of),
    part: "all",
    confidence: claim.confidence,
    ...(claim.target === undefined ? {} : { quantile: claim.target }),
    ...(claim.limit === undefined ? {} : { limitMs: claim.limit }),
    ...(metric === "good" ? { slo: { responseTimeMs: load.p99Ms, ttftMs: load.ttftP95Ms } } : {}),
  }));
  return [...builtIn, ...ownLimits(o.own ?? [], load, key)];
}

/** What the load engine is asked to send and to count for the claims of the plan. */
export function buildLoadPlan(
  { load }: Pick<PlanStages, "load">,
  o: {
    /** Name of the target among several; its scenarios and claims stand under it. */
    key?: string | null;
    baseUrl: string;
    model: string;
    confidence: number;
    apiKey?: string;
    /** Claims of the plan's own. */
    own?: readonly Claim[];
  },
): LoadPlan {
  const host = hostOf(parseHttpUrl(o.baseUrl));
  const { key = null } = o;
  const entries = loadScenarios.map(
    (name) => [underTarget(key, name), scenario(load, name, o.model)] as const,
  );
  return {
    target: {
      baseUrl: o.baseUrl,
      allowHosts: [host],
      ...(o.apiKey === undefined ? {} : { apiKey: o.apiKey }),
    },
    seed: load.seed,
    scenarios: Object.fromEntries(entries),
    limits: limits(load, key, o),
  };
}
