import { isRangeWithin, parseRange } from "@loadline/kit/ip-ranges";
import type { Permission } from "./permissions.ts";

/** How much somebody may do. A missing member means no bound on it. */
export interface Grant {
  readonly permissions: ReadonlySet<Permission>;
  readonly models?: ReadonlySet<string> | undefined;
  readonly routes?: ReadonlySet<string> | undefined;
  /** CIDR ranges; an empty list allows no address. */
  readonly ips?: readonly string[] | undefined;
  readonly budgetId?: string | undefined;
  readonly rateId?: string | undefined;
  /** Wall-clock ms. */
  readonly expiresAt?: number | undefined;
}

export type GrantField =
  | "permissions"
  | "models"
  | "routes"
  | "ips"
  | "budgetId"
  | "rateId"
  | "expiresAt";

/** The first field in which `inner` goes beyond `outer`; undefined when it is a subset. */
export function findExcess(inner: Grant, outer: Grant): GrantField | undefined {
  if (!isSubset(inner.permissions, outer.permissions)) return "permissions";
  if (!isNarrower(inner.models, outer.models)) return "models";
  if (!isNarrower(inner.routes, outer.routes)) return "routes";
  if (!areWithin(inner.ips, outer.ips)) return "ips";
  if (outer.budgetId !== undefined && inner.budgetId !== outer.budgetId) return "budgetId";
  if (outer.rateId !== undefined && inner.rateId !== outer.rateId) return "rateId";
  if (outer.expiresAt !== undefined && !((inner.expiresAt ?? Infinity) <= outer.expiresAt))
    return "expiresAt";
  return undefined;
}

/**
 * What both allow: a subset of each. Of two budgets (or rate classes) that differ, `outer`'s holds,
 * because it bounds the inner one's holder, too.
 */
export function intersect(inner: Grant, outer: Grant): Grant {
  return {
    permissions: common(inner.permissions, outer.permissions),
    models: narrower(inner.models, outer.models),
    routes: narrower(inner.routes, outer.routes),
    ips: commonRanges(inner.ips, outer.ips),
    budgetId: outer.budgetId ?? inner.budgetId,
    rateId: outer.rateId ?? inner.rateId,
    expiresAt: earlier(inner.expiresAt, outer.expiresAt),
  };
}

function isSubset<T>(inner: ReadonlySet<T>, outer: ReadonlySet<T>): boolean {
  for (const one of inner) if (!outer.has(one)) return false;
  return true;
}

function isNarrower<T>(inner: ReadonlySet<T> | undefined, outer: typeof inner): boolean {
  return outer === undefined || (inner !== undefined && isSubset(inner, outer));
}

function common<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): Set<T> {
  return new Set([...a].filter((one) => b.has(one)));
}

function narrower<T>(a: ReadonlySet<T> | undefined, b: typeof a): typeof a {
  if (a === undefined || b === undefined) return a ?? b;
  return common(a, b);
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}

/** A range that cannot be read is within nothing and holds nothing. */
function isWithin(inner: string, outer: string): boolean {
  const [a, b] = [parseRange(inner), parseRange(outer)];
  return a !== undefined && b !== undefined && isRangeWithin(a, b);
}

function areWithin(inner: readonly string[] | undefined, outer: typeof inner): boolean {
  if (outer === undefined) return true;
  return inner !== undefined && inner.every((one) => outer.some((o) => isWithin(one, o)));
}

/** Two networks are apart or one lies within the other, so the inner of each such pair is common. */
function commonRanges(a: readonly string[] | undefined, b: typeof a): typeof a {
  if (a === undefined || b === undefined) return a ?? b;
  const inA = a.filter((one) => b.some((other) => isWithin(one, other)));
  const inB = b.filter((one) => a.some((other) => isWithin(one, other)));
  return [...new Set([...inA, ...inB])];
}
