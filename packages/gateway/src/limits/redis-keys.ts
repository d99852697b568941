import { defaultTenant } from "../identity/acting.ts";
import type { Dimension } from "./dimension.ts";
import type { Plan } from "./plan.ts";

export const leasesKey = "{ll}:leases";
export const replicasKey = "{ll}:replicas";

const kinds = { requests: "r", tokens: "t", money: "m", concurrency: "c" } as const;
export type RedisKind = (typeof kinds)[keyof typeof kinds];

export function kindOf(dim: Dimension): RedisKind {
  return kinds[dim.resource];
}

/** Key of a limiter: those of one tenant share a slot of a cluster. */
export function keyOf(dim: Dimension, id: string, tenant: string): string {
  const isTenants = dim.scope === "key" || dim.scope === "tenant";
  const tag = isTenants ? `{ll:${encodeURIComponent(tenant)}}` : "{ll}";
  return `${tag}:${kinds[dim.resource]}:${encodeURIComponent(id)}`;
}

/** Keys of the plan's shared limiters, made once. */
export function sharedKeys(plan: Plan): readonly string[] {
  plan.sharedKeys ??= plan.dims
    .map((dim, i) => keyOf(dim, plan.ids[i] ?? "", plan.principal?.tenantId ?? defaultTenant))
    .slice(plan.shared.from);
  return plan.sharedKeys;
}
