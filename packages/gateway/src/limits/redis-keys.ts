import { defaultTenant } from "../identity/acting.ts";
import type { Dimension } from "./dimension.ts";
import type { Plan } from "./plan.ts";

const commonTag = "{ll}";
export const replicasKey = `${commonTag}:replicas`;

const kinds = { requests: "r", tokens: "t", money: "m", concurrency: "c" } as const;
export type RedisKind = (typeof kinds)[keyof typeof kinds];

export function kindOf(dim: Dimension): RedisKind {
  return kinds[dim.resource];
}

/** Key of a limiter: those of one tenant share a slot of a cluster. */
export function keyOf(dim: Dimension, id: string, tenant: string): string {
  const isTenants = dim.scope === "key" || dim.scope === "tenant";
  const tag = isTenants ? `{ll:${encodeURIComponent(tenant)}}` : commonTag;
  return `${tag}:${kinds[dim.resource]}:${encodeURIComponent(id)}`;
}

/** Keys of the plan's shared limiters, made once. */
export function sharedKeys(plan: Plan): readonly string[] {
  plan.sharedKeys ??= plan.dims
    .map((dim, i) => keyOf(dim, plan.ids[i] ?? "", plan.principal?.tenantId ?? defaultTenant))
    .slice(plan.shared.from);
  return plan.sharedKeys;
}

/** Limiters of a plan that one call of a script can look at together. */
export interface SharedPart {
  /** Key of the open leases beside them. */
  readonly leases: string;
  readonly keys: readonly string[];
  /** What the reserve script is given: open leases, replicas, then the limiters. */
  readonly reserveKeys: readonly string[];
  /** Position of each in the plan. */
  readonly at: readonly number[];
  /** The plan has another part: what was taken from this one may have to be given back. */
  readonly isPartial: boolean;
}

/**
 * One part on a server of its own. On a cluster one per hash tag, and so per slot: those of the
 * tenant, then those that all tenants share.
 */
export function sharedParts(plan: Plan, isCluster: boolean): readonly SharedPart[] {
  plan.sharedParts ??= isCluster ? partsByTag(plan) : [partOf(plan, commonTag, () => true)];
  return plan.sharedParts;
}

function partsByTag(plan: Plan): SharedPart[] {
  const tags = [...new Set(sharedKeys(plan).map(tagOf))].toSorted((a, b) => b.length - a.length);
  return tags.map((tag) => ({
    ...partOf(plan, tag, (key) => tagOf(key) === tag),
    isPartial: tags.length > 1,
  }));
}

function partOf(plan: Plan, tag: string, has: (key: string) => boolean): SharedPart {
  const all = sharedKeys(plan);
  const at = all.flatMap((key, i) => (has(key) ? [i] : []));
  const keys = at.map((i) => all[i] ?? "");
  const leases = leasesOf(tag);
  return {
    leases,
    keys,
    reserveKeys: [leases, `${tag}:replicas`, ...keys],
    at: at.map((i) => plan.shared.from + i),
    isPartial: false,
  };
}

/** The hash tag of a key, which names its slot. */
export function tagOf(key: string): string {
  return key.slice(0, key.indexOf("}") + 1);
}

function leasesOf(tag: string): string {
  return `${tag}:leases`;
}
