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
  plan.dims.forEach((dim, i) => {
    const bucket = plan.buckets[i];
    if (dim.resource !== "money" || !bucket) return;
    alertShares.forEach((share, at) => {
      const bit = 1 << at;
      if ((bucket.alerted & bit) !== 0 || bucket.spentNano < share * dim.limit) return;
      bucket.alerted |= bit;
      const name = bucket.id.slice(bucket.id.indexOf("|") + 1);
      const { windowId: period, spentNano } = bucket;
      alerts.onCrossed({ dim, name, period, share, spentNano });
    });
  });
}
