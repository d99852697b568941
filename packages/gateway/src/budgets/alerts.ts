import { defaultTenant } from "../identity/acting.ts";
import { everyTenant } from "../identity/authorize.ts";
import type { Bucket } from "../limits/buckets.ts";
import type { Dimension } from "../limits/dimension.ts";
import type { Plan } from "../limits/plan.ts";

/** Part of a budget that is spent or reserved when its owner is told. */
export const alertShares = [0.5, 0.8, 1] as const;

/** A budget crossed `share` of its limit. */
export interface Crossing {
  readonly dim: Dimension;
  /** Name of the limiter: the key, budget, tenant, model or route. */
  readonly name: string;
  /** Whose budget it is; `*` of one that tenants share. */
  readonly tenant: string;
  readonly period: string;
  readonly share: number;
  readonly spentNano: number;
  /** Its limiter's key in a shared store; empty where there is none. */
  readonly key: string;
}

export interface Alerts {
  /** Called once by this process for each share of a budget in each of its periods. */
  onCrossed(crossing: Crossing): void;
}

/** Tells of every share that the plan's budgets have crossed and was not told of yet. */
export function alertCrossed(plan: Plan, alerts: Alerts): void {
  for (let i = 0; i < plan.dims.length; i++) {
    const dim = plan.dims[i];
    const bucket = plan.buckets[i];
    if (dim?.resource !== "money" || !bucket || bucket.spentNano < bucket.alertAtNano) continue;
    const isTenants = dim.scope === "key" || dim.scope === "tenant";
    const own = plan.principal?.tenantId ?? defaultTenant;
    tell(bucket, { dim, tenant: isTenants ? own : everyTenant }, alerts);
  }
}

function tell(bucket: Bucket, of: Pick<Crossing, "dim" | "tenant">, alerts: Alerts): void {
  const { windowId: period, spentNano, alertAtNano, key } = bucket;
  const { dim } = of;
  const name = bucket.id.slice(dim.key.length + 1);
  for (const share of alertShares) {
    const atNano = share * dim.limit;
    if (atNano < alertAtNano) continue;
    if (spentNano < atNano) {
      bucket.alertAtNano = atNano;
      return;
    }
    alerts.onCrossed({ ...of, name, period, share, spentNano, key });
  }
  bucket.alertAtNano = Number.POSITIVE_INFINITY;
}
