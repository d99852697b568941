import type { Scenario } from "../scenario-types.ts";
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
}

/** A claim on what a ladder came to. */
export interface LadderClaim {
  readonly id: string;
  readonly scenario: string;
  readonly users: number;
  readonly of: "okPerSecond" | "speedUp";
  readonly atLeast: number;
}

/** A profile made for one target: traffic and claims as data. */
export interface MadeProfile {
  readonly scenarios: Readonly<Record<string, Scenario>>;
  readonly thresholds: Readonly<Record<string, readonly ThresholdSpec[]>>;
  readonly slo?: GoodSlo;
  readonly ladder?: readonly LadderClaim[];
  readonly undecided: readonly UndecidedClaim[];
}

/** One built-in profile. */
export interface LoadProfile {
  readonly id: string;
  readonly summary: string;
  readonly checklist: readonly string[];
  make(manifest: ProfileManifest, terms: ProfileTerms): MadeProfile;
}
