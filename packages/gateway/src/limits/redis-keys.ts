import { costUs, type Law } from "@loadline/kit/rate-limiter";
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

export type SharedParts = readonly [SharedPart, ...SharedPart[]];

/** Limiters of a plan that one call of a script can look at together. */
export interface SharedPart {
  /** Key of the open leases beside them. */
  readonly leases: string;
  readonly keys: readonly string[];
  /** What the reserve script is given before the limiters: open leases, replicas. */
  readonly head: readonly string[];
  /** What it is told of the limiters, the same for every call. */
  readonly laws: string;
  /** Position of each in the plan. */
  readonly at: readonly number[];
  /** The plan has another part: what was taken from this one may have to be given back. */
  readonly isPartial: boolean;
}

/**
 * One part on a server of its own. On a cluster one per hash tag, and so per slot: those of the
 * tenant, then those that all tenants share.
 */
export function sharedParts(plan: Plan, isCluster: boolean): SharedParts {
  plan.sharedParts ??= isCluster
    ? partsByTag(plan)
    : [partOf(plan, { tag: commonTag, isPartial: false })];
  return plan.sharedParts;
}

function partsByTag(plan: Plan): SharedParts {
  const tags = [...new Set(sharedKeys(plan).map(tagOf))].toSorted((a, b) => b.length - a.length);
  const isPartial = tags.length > 1;
  const [first, ...more] = tags.map((tag) =>
    partOf(plan, { tag, isPartial, has: (key) => tagOf(key) === tag }),
  );
  return [first ?? partOf(plan, { tag: commonTag, isPartial }), ...more];
}

interface PartOptions {
  readonly tag: string;
  readonly isPartial: boolean;
  /** Absent: every key. */
  has?(key: string): boolean;
}

function partOf(plan: Plan, { tag, isPartial, has }: PartOptions): SharedPart {
  const all = sharedKeys(plan);
  const places = all.flatMap((key, i) => (!has || has(key) ? [i] : []));
  const keys = places.map((i) => all[i] ?? "");
  const at = places.map((i) => plan.shared.from + i);
  const laws = at.map((i) => lawTextOf(plan.dims[i], isPartial)).join(" ");
  const leases = leasesOf(tag);
  return { leases, keys, head: [leases, `${tag}:replicas`], laws, at, isPartial };
}

/** A limiter as the reserve script is told of it: kind, and two figures that no call changes. */
function lawTextOf(dim: Dimension | undefined, isPartial: boolean): string {
  if (!dim) return "";
  const { law } = dim;
  if (dim.resource === "concurrency") return `c ${dim.limit} 0`;
  if (!law) return `m 0 ${dim.limit}`;
  return rateTextOf(law, { oneUs: costUs(law, 1), mostUs: law.capacityUs, isPartial });
}

/** A rate as the reserve script is told of it: of requests with what one takes. */
export function rateTextOf(
  law: Law,
  o: { readonly oneUs: number; readonly mostUs: number; readonly isPartial: boolean },
): string {
  if (!law.isCounted) return `t 0 ${o.mostUs}`;
  return `${o.isPartial ? "R" : "r"} ${o.oneUs} ${o.mostUs}`;
}

/** The hash tag of a key, which names its slot. */
export function tagOf(key: string): string {
  return key.slice(0, key.indexOf("}") + 1);
}

function leasesOf(tag: string): string {
  return `${tag}:leases`;
}
