import type { ObserveSpec } from "../job.ts";
import type { Scenario } from "../scenario-types.ts";
import type { DeclaredLimiter } from "../schedule/limiter.ts";
import type { ThresholdSpec } from "../thresholds/bound-claim.ts";
import type { GoodSlo } from "../types.ts";
import type { ProfileManifest } from "./manifest.ts";

/** What a command line changes of a profile. */
export interface ProfileTerms {
  /** Users of the largest level. */
  readonly users?: number;
  /** Arrivals per second; of `soak` the known peak. */
  readonly rate?: number;
  /** Length of the measured part, ms. */
  readonly durationMs?: number;
}

/** A claim of the profile that this target, or this build, cannot decide. */
export interface UndecidedClaim {
  readonly id: string;
  readonly statement: string;
  readonly reason: "capability_missing" | "not_run";
  /** What is missing, one sentence. */
  readonly sentence: string;
  /** Default true; false for what is shown where it can be had. */
  readonly required?: boolean;
  /** After the load it is told what was derived from the target's side, in place of `sentence`. */
  readonly derived?: "bottleneck";
}

/** A claim on what a ladder came to. */
export interface LadderClaim {
  readonly id: string;
  readonly scenario: string;
  readonly users: number;
  readonly of: "okPerSecond" | "speedUp";
  readonly atLeast: number;
}

/** A claim on who got through: as many as the declared limiter lets through of the same schedule. */
export interface LimiterClaim {
  readonly id: string;
  readonly scenario: string;
  readonly limiter: DeclaredLimiter;
  /** Accepted distance as a share of the simulated count. */
  readonly tolerance: number;
}

/** A claim that blocks of one kind take no longer than those of another, in the same run. */
export interface BlocksClaim {
  readonly id: string;
  readonly statement: string;
  readonly scenario: string;
  /** Accepted worsening of p99, 0.05 = 5 %. */
  readonly share: number;
  /** Indexes of blocks: two of the one kind, one of the other, each in one triple only. */
  readonly triples: readonly (readonly [a: number, again: number, b: number])[];
}

/** A profile made for one target: traffic and claims as data. */
export interface MadeProfile {
  readonly scenarios: Readonly<Record<string, Scenario>>;
  readonly thresholds: Readonly<Record<string, readonly ThresholdSpec[]>>;
  readonly slo?: GoodSlo;
  readonly ladder?: readonly LadderClaim[];
  readonly limiters?: readonly LimiterClaim[];
  readonly blocks?: readonly BlocksClaim[];
  /** The target's side, sampled beside the load. */
  readonly observe?: readonly ObserveSpec[];
  /** Variables that hold keys, by the names scenarios use. */
  readonly keyEnvs?: Readonly<Record<string, string>>;
  readonly undecided: readonly UndecidedClaim[];
}

/** Where and on which schedule a profile runs. */
export interface ProfilePlace {
  readonly seed: number;
  /** Of the target, without an end slash. */
  readonly baseUrl: string;
}

/** One built-in profile. */
export interface LoadProfile {
  readonly id: string;
  readonly summary: string;
  readonly checklist: readonly string[];
  /** Terms that change it; others are refused, not passed over. */
  readonly takes: readonly (keyof ProfileTerms)[];
  make(manifest: ProfileManifest, terms: ProfileTerms, run: ProfilePlace): MadeProfile;
}
