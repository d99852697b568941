import type { Bucket } from "../limits/buckets.ts";
import type { Dimension } from "../limits/dimension.ts";
import type { Plan } from "../limits/plan.ts";

/** Part of a budget that is spent or reserved when its owner is told. */
export const alertShares = [0.5, 0.8, 1] as const;

export interface Alerts {
  /** A budget crossed `share` of its limit for the first time in its period. */
  onCrossed(o: {
    readonly dim: Dimension;
    /** Name of the limiter: the key, tenant, model or route. */
    readonly name: string;
    readonly period: string;
    readonly share: number;
    readonly spentNano: number;
  }): void;
}

/** Tells of every share that the plan's budgets have crossed and was not told of yet. */
export function alertCrossed(plan: Plan, alerts: Alerts): void {
  for (let i = 0; i < plan.dims.length; i++) {
    const dim = plan.dims[i];
    const bucket = plan.buckets[i];
    if (dim?.resource !== "money" || !bucket || bucket.spentNano < bucket.alertAtNano) continue;
    tell(dim, bucket, alerts);
  }
}

function tell(dim: Dimension, bucket: Bucket, alerts: Alerts): void {
  const { windowId: period, spentNano, alertAtNano } = bucket;
  const name = bucket.id.slice(bucket.id.indexOf("|") + 1);
  for (const share of alertShares) {
    const atNano = share * dim.limit;
    if (atNano < alertAtNano) continue;
    if (spentNano < atNano) {
      bucket.alertAtNano = atNano;
      return;
    }
    alerts.onCrossed({ dim, name, period, share, spentNano });
  }
  bucket.alertAtNano = Number.POSITIVE_INFINITY;
}
