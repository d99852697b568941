import type { Claim } from "@loadline/contract";
import type {
  BlocksClaim,
  LadderClaim,
  LimiterClaim,
  UndecidedClaim,
} from "../profiles/profile.ts";
import type { GoodSlo, LoadLimit, LoadMetric, Scenario } from "../types.ts";
import type { LimitValue } from "./limit-value.ts";
import type { RequestCounter } from "./recorded.ts";
import type { Cover } from "./selector.ts";
import type { Aggregation, Operator, Threshold } from "./threshold.ts";

/** A threshold as a plan file writes it. */
export interface ThresholdSpec {
  readonly threshold: string;
  /** Default made from scenario, metric and aggregation. */
  readonly id?: string;
  /** Default true. */
  readonly required?: boolean;
  readonly abortOnFail?: boolean;
  /** No look before, ms; default 0. */
  readonly delayAbortEvalMs?: number;
  /** `evidence` (default): stops on proof. `point`: by k6's rule, which proves nothing. */
  readonly abortOn?: "evidence" | "point";
}

/**
 * Of the account of all due: `due`, `sent` (not dropped), `dropped`, `ok`, `bad`; `iterations` that
 * came to their end; `events` told by value; `gauge`: every value told; users at work, users made.
 */
export type FigureCounter = "due" | "ok" | "bad" | "events" | "gauge" | RequestCounter;

/** Observed against a figure of the run, nothing inferred. */
export interface FigureRule {
  readonly of: "trend" | "count" | "per_second" | "ratio";
  readonly aggregation: Aggregation;
  readonly operator: Operator;
  readonly limit: LimitValue;
  /** What a counter or gauge means of what was counted; null of a time. */
  readonly counter: FigureCounter | null;
  /** The one bad outcome counted, instead of all. */
  readonly outcome?: string;
  /** Of events: figures of which one was good where one of them could have been seen. */
  readonly witnesses?: readonly string[];
  /** Fewer requests decide nothing. */
  readonly leastSamples?: number;
  readonly scenarios: readonly string[];
}

export interface BaselineRule {
  readonly share: number;
  readonly quantile: number;
  /** Null: this engine does not record it. */
  readonly metric: LoadMetric | null;
}

export interface StopSpec {
  readonly claim: string;
  readonly delayMs: number;
  readonly forMs: number;
  readonly on: "evidence" | "point";
}

/** One claim, what the engine counts for it, and how its evidence is made of the counts. */
export interface BoundClaim {
  readonly claim: Claim;
  readonly limits: readonly LoadLimit[];
  /** The counts become one observation (predicate) or per-slice means (mean). */
  readonly figure?: FigureRule;
  /** The A/B arms' block figures decide it. */
  readonly baseline?: BaselineRule;
  readonly stop?: StopSpec;
  /** What a ladder came to decides it. */
  readonly ladder?: LadderClaim;
  /** What a simulated limiter lets through of the same schedule decides it. */
  readonly limiter?: LimiterClaim;
  /** Blocks of one scenario decide it, two kinds beside each other. */
  readonly blocks?: BlocksClaim;
  /** Nothing decides it in this run. */
  readonly undecided?: UndecidedClaim;
  /** Seen in the figures of these checks. */
  readonly checks?: readonly string[];
  /** Lint notes, one sentence each. */
  readonly notes: readonly string[];
}

/** What a threshold is bound to. */
export interface BindContext {
  readonly selector: string;
  readonly metricName: string;
  readonly threshold: Threshold;
  readonly spec: ThresholdSpec;
  readonly scenarios: Readonly<Record<string, Scenario>>;
  /** Scenarios or steps it covers, and the scenarios of them, each once. */
  readonly covers: readonly Cover[];
  readonly covered: readonly string[];
  /** Names of the figures it covers, for metrics that are figures. */
  readonly figureNames: readonly string[];
  /** Of `errors`: the one outcome it counts. */
  readonly outcome: string | null;
  readonly confidence: number;
  readonly id: string;
  /** Limits a good answer keeps, where the plan says so. */
  readonly slo?: GoodSlo;
  /** Whether a covered scenario is an open model. */
  readonly hasOpen: boolean;
  /** Whether the run has an A/B arm. */
  readonly hasBaseline: boolean;
}
