import type { Claim } from "@loadline/contract";
import { nearest } from "@loadline/kit/nearest";
import type { BlocksClaim, LadderClaim, LimiterClaim, UndecidedClaim } from "./profiles/profile.ts";
import { loadErrors } from "./errors.ts";
import { loadGuards } from "./guards/index.ts";
import { extraClaims } from "./extra-claims.ts";
import type { BoundClaim, ThresholdSpec } from "./thresholds/bound-claim.ts";
import { holdLadders } from "./plan/ladder-hold.ts";
import { perIteration } from "./thresholds/per-iteration.ts";
import { type Planned, plannedOf } from "./thresholds/planned.ts";
import type { MetricRow } from "./thresholds/metrics.ts";
import { toClaims } from "./thresholds/to-claims.ts";
import type { GoodSlo, LoadLimit, LoadPlan, Scenario } from "./types.ts";

/** A guard's breach that somebody answers for, until a day. */
export interface GuardWaiver {
  readonly guard: string;
  readonly owner: string;
  readonly reason: string;
  /** `2026-12-31`, the last day it counts. */
  readonly expires: string;
}

/** What of the target's side is sampled each second. */
export type ObserveSpec = (
  | { readonly prometheus: string; readonly series: readonly string[] }
  | { readonly cgroup: string }
  /** Of this machine. */
  | { readonly process: number }
) & {
  /** The first series (of a cgroup or process: its memory) grows by at most this; declares a claim. */
  readonly growthMibPerHourMax?: number | undefined;
  /** Whether that claim decides, default true. */
  readonly required?: boolean | undefined;
};

/** A load plan with what is promised of it. */
export interface LoadJob {
  readonly profile: string;
  /** How reports name the target. */
  readonly name: string;
  /** `limits` are made from the thresholds. */
  readonly load: LoadPlan;
  readonly thresholds: Readonly<Record<string, readonly ThresholdSpec[]>>;
  /** What a good answer keeps, for claims on `good`. */
  readonly slo?: GoodSlo;
  /** Checks the scenarios count: one that never runs is not tested. */
  readonly checks?: readonly string[];
  /** Metrics of the plan's own. */
  readonly metrics?: readonly MetricRow[];
  /** How the sender waits, unless the command line says. */
  readonly pacing?: "pacer" | "timer" | "precise";
  /** Lint notes of the plan's file. */
  readonly notes?: readonly string[];
  readonly confidence: number;
  readonly waive: readonly GuardWaiver[];
  readonly observe?: readonly ObserveSpec[];
  /** Variable that holds the key; shown in commands, never its value. */
  readonly apiKeyEnv?: string;
  /** Every claim is optional: the run shows, it does not decide. */
  readonly explore: boolean;
  /** Claims that this target or this build cannot decide: declared, so that none is left out. */
  readonly undecided?: readonly UndecidedClaim[];
  readonly ladder?: readonly LadderClaim[];
  readonly limiters?: readonly LimiterClaim[];
  readonly blocks?: readonly BlocksClaim[];
  /** Variables that hold further keys, by their names in `load.target.keys`. */
  readonly keyEnvs?: Readonly<Record<string, string>>;
  /** The other target of an A/B run, and how many triples of blocks it has. */
  readonly ab?: string;
  readonly triples?: number;
}

/** The job with its claims bound to what the engine counts. */
export interface BoundJob {
  readonly job: LoadJob;
  readonly load: LoadPlan;
  readonly bound: readonly BoundClaim[];
  /** Lint notes of the plan's file and of all thresholds. */
  readonly notes: readonly string[];
}

/** An A/B run has two sides in place of its scenarios, and at least one comparison. */
function withSides(bound: BoundClaim): BoundClaim {
  const { claim } = bound;
  if (claim.id !== "load.alive" && claim.id !== "load.errors") return bound;
  const statement = claim.statement
    .replace("every scenario", "both sides")
    .replace("Every scenario", "Each side");
  return { ...bound, claim: { ...claim, statement, parts: ["A", "B"] } };
}

const comparisonDefault = { response_time: [{ threshold: "p(95)<baseline+10%" }] } as const;

/** A comparison by default, so that an A/B run decides something. */
function thresholdsOf(job: LoadJob): LoadJob["thresholds"] {
  const asked = Object.values(job.thresholds).flat();
  const isAsked = asked.some(({ threshold }) => threshold.includes("baseline"));
  if (job.ab === undefined || isAsked) return job.thresholds;
  const own = job.thresholds["response_time"] ?? [];
  const response = [...own, ...comparisonDefault.response_time];
  return { ...job.thresholds, response_time: response };
}

/** A waiver of a guard that does not exist would waive nothing, unseen. */
function checkWaivers({ waive }: LoadJob): void {
  const names = loadGuards.map(({ id }) => id);
  for (const { guard } of waive) {
    if (names.includes(guard)) continue;
    const best = nearest(guard, names);
    const hint = best === null ? `Known: ${names.join(", ")}.` : `Did you mean "${best}"?`;
    throw loadErrors.make("LL_LOAD_PLAN_INVALID", `load.waive: no guard ${guard}. ${hint}`);
  }
}

/** Two claims of one name would share their evidence, and no bundle of them verifies. */
function checkIds(bound: readonly BoundClaim[]): void {
  const ids = new Set<string>();
  for (const { claim } of bound) {
    if (ids.has(claim.id)) {
      const text = `load.thresholds: the plan has a claim ${claim.id} of its own; take another id.`;
      throw loadErrors.make("LL_LOAD_PLAN_INVALID", text);
    }
    ids.add(claim.id);
  }
}

/** Makes the claims of a job. @throws LL_LOAD_PLAN_INVALID, the codes of {@link toClaims}. */
export function bindJob(given: LoadJob): BoundJob {
  checkWaivers(given);
  const made = toClaims({
    scenarios: given.load.scenarios,
    thresholds: thresholdsOf(given),
    confidence: given.confidence,
    hasBaseline: given.ab !== undefined,
    ...(given.slo !== undefined && { slo: given.slo }),
    ...(given.checks !== undefined && { checks: given.checks }),
    ...(given.metrics !== undefined && { metrics: given.metrics }),
  });
  const scenarios = holdLadders(given.load.scenarios, made);
  const job = { ...given, load: { ...given.load, scenarios } };
  const bound = [...made, ...extraClaims(job)]
    .map((one) => (job.ab === undefined ? one : withSides(one)))
    .map((one) => withWindows(one, scenarios, job.explore));
  checkIds(bound);
  const limits = bound.flatMap((one) => one.limits.map((limit) => looked(one, limit)));
  const notes = [...(job.notes ?? []), ...bound.flatMap((one) => one.notes)];
  return { job, load: { ...job.load, limits }, bound, notes };
}

function looked(bound: BoundClaim, limit: LoadLimit): LoadLimit {
  return bound.stop === undefined ? limit : { ...limit, looks: true };
}

function withWindows(
  bound: BoundClaim,
  scenarios: Readonly<Record<string, Scenario>>,
  explore: boolean,
): BoundClaim {
  const claim: Claim = explore ? { ...bound.claim, required: false } : bound.claim;
  if (claim.over === undefined) return { ...bound, claim };
  const spans = bound.limits.map(({ scenario }) => measuredMs(scenarios[scenario]));
  const count = Math.max(1, Math.floor(Math.max(0, ...spans) / claim.over));
  const parts = Array.from({ length: count }, (_, index) => `w${index + 1}`);
  return { ...bound, claim: { ...claim, parts } };
}

/** Length of the measured phase, ms. */
function measuredMs(scenario: Scenario | undefined): number {
  if (scenario === undefined) return 0;
  const warmupMs = scenario.warmupMs ?? 0;
  if ("durationMs" in scenario) return scenario.durationMs - warmupMs;
  if ("stages" in scenario) {
    return scenario.stages.reduce((sum, stage) => sum + stage.durationMs, 0) - warmupMs;
  }
  if ("holdMs" in scenario) {
    return scenario.holdMs * scenario.users.length * (scenario.rounds ?? 3) - warmupMs;
  }
  return 0;
}

/** Samples of so many iterations. */
function samplesOf(iterations: Planned, each: Planned): Planned {
  const of = (n: number | null, times: number | null): number | null =>
    n === null || times === null ? null : Math.floor(n * times + 1e-9);
  return { most: of(iterations.most, each.most), about: of(iterations.about, each.about) };
}

/** Samples each part of a claim can have; null where no bound is known. */
export function plannedSamples(bound: BoundClaim, load: LoadPlan): Planned {
  const byStep = new Map(bound.limits.map((one) => [`${one.scenario}\n${one.step ?? ""}`, one]));
  const each = [...byStep.values()].map((limit): Planned => {
    const scenario = load.scenarios[limit.scenario];
    if (scenario === undefined || limit.metric === "figure") return { most: null, about: null };
    const iterations = plannedOf(scenario);
    if (limit.metric === "iteration_duration") return iterations;
    return samplesOf(iterations, perIteration(scenario, limit.step));
  });
  const parts = bound.claim.over === undefined ? 1 : bound.claim.parts.length;
  // Parts named after scenarios have a sample each; one part adds up all.
  const isPerScenario = bound.claim.over === undefined && bound.claim.parts.length > 1;
  const join = (of: (one: Planned) => number | null): number | null => {
    const all = each.map(of);
    if (all.length === 0 || all.some((n) => n === null)) return null;
    const counts = all.map((n) => n ?? 0);
    const n = isPerScenario ? Math.min(...counts) : counts.reduce((a, b) => a + b, 0);
    return Math.floor(n / parts);
  };
  return { most: join((one) => one.most), about: join((one) => one.about) };
}
