import type { Claim, Problem } from "../claim.ts";
import { meanSlicesMin } from "../statistics/bootstrap.ts";
import { pairsDefault, pairsNeeded } from "../statistics/comparison.ts";
import { cleanTimeToProveMs } from "../statistics/episodes.ts";
import { sequentialClean } from "../statistics/sequential.ts";
import { ackedMin } from "../fold/decide-ledger.ts";
import { badAllowed, samplesForPower, samplesNeeded } from "../statistics/sampling.ts";
import type { RunPlan } from "./run-plan.ts";

/** What a stream will deliver, as planned. */
export interface StreamRate {
  /** Samples per part the run will draw. */
  readonly n: number;
  /** Assumed true share of bad samples, 0..1, for the power column. */
  readonly trueBad?: number;
}

/** One line of `loadline plan`. */
export interface ClaimSampleRow {
  readonly id: string;
  readonly kind: Claim["kind"];
  readonly parts: number;
  readonly required: boolean;
  readonly confidence: number;
  readonly target: number | null;
  /** Samples per part with 0, 1 and 2 bad; null: no number proves it. */
  readonly needed: readonly [number | null, number | null, number | null];
  /** Assumed share of bad samples and the n with an 80 % chance of proof at it. */
  readonly trueBad: number | null;
  readonly neededForPower: number | null;
  /** Planned samples per part, null when the stream has no known rate. */
  readonly planned: number | null;
  /** Bad samples the planned n forgives; null when it cannot pass at all. */
  readonly badAllowed: number | null;
  /** False: a perfect target could not pass (`LL_PLAN_CANNOT_PROVE`). */
  readonly provable: boolean;
}

const ratioKinds: ReadonlySet<string> = new Set(["proportion", "quantile", "trials"]);

/** What one observation of a claim of this kind is, in the plural. */
export function sampleUnit(kind: Claim["kind"]): string {
  if (kind === "time_availability") return "s";
  if (kind === "zero_loss") return "acknowledged writes";
  return kind === "window_slo" ? "windows" : "samples";
}

function ratioLeast({ target = 1, confidence, mode }: Claim): number | null {
  return mode === "sequential"
    ? sequentialClean(target, confidence)
    : samplesNeeded(0, target, confidence);
}

function secondsLeast({ limit = 0, target = 1, confidence }: Claim): number | null {
  const ms = cleanTimeToProveMs(limit, target, confidence);
  return ms === null ? null : Math.ceil(ms / 1_000);
}

/** Whether a claim asks for more than the run asks of its target. */
export function isOverOffer({ offered, limit }: Claim): boolean {
  return offered !== undefined && limit !== undefined && limit >= offered;
}

/** Fewest observations of one part with which a perfect target passes; null when none do. */
export function minimumN(claim: Claim): number | null {
  const { kind, min, confidence, items } = claim;
  if (ratioKinds.has(kind)) return ratioLeast(claim);
  if (kind === "time_availability") return secondsLeast(claim);
  if (kind === "zero_loss") return Math.max(min ?? 0, ackedMin);
  if (kind === "mean") return isOverOffer(claim) ? null : Math.max(min ?? 0, meanSlicesMin);
  if (kind === "comparison") return Math.max(min ?? pairsDefault, pairsNeeded(confidence));
  return kind === "coverage" ? (items?.length ?? 0) : (min ?? 1);
}

function planPower(claim: Claim, rate: StreamRate | undefined) {
  if (!ratioKinds.has(claim.kind) || claim.mode !== undefined)
    return { trueBad: null, neededForPower: null };
  const target = claim.target ?? 1;
  const trueBad = rate?.trueBad ?? Number(((1 - target) / 5).toPrecision(12));
  const power = samplesForPower(trueBad, target, claim.confidence);
  return { trueBad, neededForPower: power?.n ?? null };
}

function planClaim(claim: Claim, rate: StreamRate | undefined): ClaimSampleRow {
  const least = minimumN(claim);
  const isRatio = ratioKinds.has(claim.kind);
  const target = claim.target ?? 1;
  const { confidence } = claim;
  const isFixed = isRatio && claim.mode === undefined;
  const need = (bad: number): number | null =>
    isFixed ? samplesNeeded(bad, target, confidence) : bad === 0 ? least : null;
  const planned = rate?.n ?? null;
  return {
    id: claim.id,
    kind: claim.kind,
    parts: claim.parts.length,
    required: claim.required,
    confidence,
    target: isRatio ? target : null,
    needed: [need(0), need(1), need(2)],
    ...planPower(claim, rate),
    planned,
    badAllowed: isFixed && planned !== null ? badAllowed(planned, target, confidence) : null,
    provable: least !== null && least > 0 && (planned === null || planned >= least),
  };
}

/** Samples every claim needs, printed before the run; `rates` by stream (`claim.of`). */
export function planSamples(
  plan: RunPlan,
  rates: ReadonlyMap<string, StreamRate> = new Map(),
): ClaimSampleRow[] {
  return plan.claims.map((claim) => planClaim(claim, rates.get(claim.of)));
}

/** Names every claim that even a perfect target could not pass (`LL_PLAN_CANNOT_PROVE`). */
export function findUnprovable(rows: readonly ClaimSampleRow[]): Problem[] {
  return rows
    .filter(({ provable }) => !provable)
    .map(({ id, kind, planned, needed: [least] }) => {
      const unit = sampleUnit(kind);
      const need = least === null ? `no number of ${unit} proves it` : `needs ${least} ${unit}`;
      const plan = planned === null ? "" : `, ${planned} are planned`;
      return { code: "LL_PLAN_CANNOT_PROVE", path: id, message: `${id}: ${need}${plan}.` };
    });
}
