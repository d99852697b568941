import type { Claim } from "../claim.ts";
import type { Gate } from "../gates.ts";
import { canonicalJson } from "../evidence/canonical-json.ts";
import { type Digest, toBytes } from "../evidence/digest.ts";
import type { NotApplicable, Waiver } from "../waiver/waiver.ts";

/** Everything promised before the run; its digest is the first `prev` of the evidence chain. */
export interface RunPlan {
  readonly schema: "loadline-plan/v1";
  readonly profile: string;
  /** Of several targets all names, and all addresses with blanks between. */
  readonly target: { readonly name: string; readonly baseUrl: string };
  /** One-sided default confidence, 0.9..0.999. */
  readonly confidence: number;
  readonly maxWaived: number;
  readonly budgetMinutes: number;
  /** Imported evidence older than this at the end of the run is stale, ms; absent: 24 h. */
  readonly maxAgeMs?: number;
  /** Times an attempt that reached nothing is made again, 0..2; absent: 2. */
  readonly retries?: number;
  readonly claims: readonly Claim[];
  /** Accepted risks, laid over verdicts by the fold. */
  readonly waivers?: readonly Waiver[];
  /** Claims about features the target lacks. */
  readonly notApplicable?: readonly NotApplicable[];
  /** What the target is for, by the name of a use of the scorecard. */
  readonly use?: string;
  /** Gates of the plan's own, decided with the claims. */
  readonly gates?: readonly Gate[];
  /** Stage configurations, opaque here. */
  readonly stages: Readonly<Record<string, unknown>>;
}

/** The text of `plan.json`, with a line feed; the plan digest is taken without it. */
export function planFileText(plan: RunPlan): string {
  return `${canonicalJson(plan)}\n`;
}

/** Digest of the canonical plan. */
export function planDigest(plan: RunPlan, digest: Digest): string {
  return digest(toBytes(canonicalJson(plan)));
}

/** The target as reports name it. */
export function targetName(target: RunPlan["target"]): string {
  return target.name === target.baseUrl ? target.name : `${target.name} ${target.baseUrl}`;
}
