import { costUs, type Law } from "@loadline/kit/rate-limiter";
import { defaultTenant } from "../identity/acting.ts";
import type { Price } from "../budgets/prices.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import type { Principal } from "../identity/principal.ts";
import type { Bucket, BucketTable } from "./buckets.ts";
import { type Dimension, escaped } from "./dimension.ts";
import { LastRefusal } from "./last-refusal.ts";
import { kindOf, type SharedParts, sharedKeys } from "./redis-keys.ts";

/** Part of a plan's limits; `to` is exclusive. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** What one call wants from every limit that matches it. */
export interface Ask {
  readonly tokens: number;
  readonly nano: number;
  /** Bound to splice into the request; undefined when the client's own holds. */
  readonly outputBound: number | undefined;
  /** The bound was lowered to what a budget affords. */
  readonly isLowered: boolean;
}

/** Microseconds of a law that a call takes. */
export function costOf(law: Law, ask: Pick<Ask, "tokens">): number {
  return costUs(law, law.isCounted ? 1 : ask.tokens);
}

/** Why a call may not pass; nothing was taken from any limit. */
export interface Denial {
  /** Position in the plan; -1 when no limiter could be kept for it. */
  readonly index: number;
  /** Microseconds after which it would pass, as far as is known; of a budget perhaps infinite. */
  readonly waitUs: number;
  /** The call can never pass. */
  readonly isTooLarge: boolean;
  /** The least that is left of the budgets that match; infinite when none does. */
  readonly restNano: number;
}

/** The limits that one kind of call has to pass: compiled once, used for every call alike. */
export class Plan {
  /** All limits, the caps of this process, and what a shared store keeps. */
  readonly all: Range;
  readonly own: Range;
  readonly shared: Range;
  /** The caps of this process, then the configured limits. */
  readonly dims: readonly Dimension[];
  readonly ids: readonly string[];
  readonly principal: Principal | undefined;
  readonly routeName: string;
  readonly needsEstimate: boolean;
  readonly isUpper: boolean;
  readonly hasMoney: boolean;
  /** Of the first request and token limits; empty when there is none. */
  readonly policy: string;
  /** One number for each limit; fractions, so that a copy of it holds doubles from the start. */
  readonly blankMarks: readonly number[];
  /** The dearest price of what it may reach, good until a wall-clock ms. */
  price: Price | undefined;
  priceUntilMs = 0;
  /** Label slots of its limits in the metrics, set at first use. */
  slots: readonly number[] | undefined;
  /** Keys of its shared limiters in the store, set at first use. */
  sharedKeys: readonly string[] | undefined;
  /** Those that one call can look at together, set at first use. */
  sharedParts: SharedParts | undefined;
  /**
   * The most that this process is handed beforehand of each shared limiter, us, set at first use; empty
   * where each call is asked for.
   */
  chunkSizes: readonly number[] | undefined;
  buckets: Bucket[] = [];
  generation = -1;
  /** What the shared store refused last. */
  readonly lastRefusal = new LastRefusal();

  constructor(o: {
    dims: readonly Dimension[];
    ids: readonly string[];
    caps: number;
    principal: Principal | undefined;
    routeName: string;
  }) {
    const count = o.dims.length;
    this.all = { from: 0, to: count };
    this.own = { from: 0, to: o.caps };
    this.shared = { from: o.caps, to: count };
    this.dims = o.dims;
    this.blankMarks = o.dims.map(() => 0.5);
    this.ids = o.ids;
    this.principal = o.principal;
    this.routeName = o.routeName;
    this.hasMoney = o.dims.some((dim) => dim.resource === "money");
    this.needsEstimate = this.hasMoney || o.dims.some((dim) => dim.resource === "tokens");
    this.isUpper = o.dims.some((dim) => dim.isUpper);
    this.policy = o.dims.flatMap((dim) => (dim.policy === "" ? [] : [dim.policy])).join(", ");
  }

  /** Binds the limiters; false when the table is full of limiters in use. */
  bind(table: BucketTable, nowUs: number, wallMs: number): boolean {
    const buckets: Bucket[] = [];
    for (const id of this.ids) {
      const bucket = table.of(id, nowUs, wallMs);
      if (!bucket) break;
      // Held while the others are sought, so that they are not found in its place.
      bucket.open++;
      buckets.push(bucket);
    }
    for (const bucket of buckets) bucket.open--;
    if (buckets.length < this.ids.length) return false;
    this.#name(buckets);
    this.buckets = buckets;
    this.generation = table.generation;
    return true;
  }

  /** Tells the limiters that replicas share what they are called there. */
  #name(buckets: readonly Bucket[]): void {
    const keys = sharedKeys(this);
    keys.forEach((key, at) => {
      const bucket = buckets[this.shared.from + at];
      const dim = this.dims[this.shared.from + at];
      if (!bucket || !dim || bucket.key !== "") return;
      bucket.key = key;
      bucket.kind = kindOf(dim);
    });
  }
}

const plansMax = 100_000;

export interface Planner {
  of(x: Exchange): Plan;
}

/** Plans by key and model; an unknown key never gets here, so nothing a stranger sends grows it. */
export function createPlanner(o: {
  caps: readonly Dimension[];
  limits: readonly Dimension[];
}): Planner {
  const byKey = new Map<string, Map<string, Plan>>();
  let count = 0;
  const compile = (x: Exchange): Plan => {
    const routeName = x.route?.name ?? "";
    if (x.principal?.limits.isUncounted === true)
      return new Plan({ dims: [], ids: [], caps: 0, principal: x.principal, routeName });
    const limits = o.limits.flatMap((dim) => {
      const name = nameFor(dim, x);
      return name === undefined ? [] : [{ dim, id: `${dim.key}|${name}` }];
    });
    const caps = o.caps.map((dim) => ({ dim, id: `${dim.key}|${nameFor(dim, x) ?? ""}` }));
    const all = [...caps, ...limits];
    return new Plan({
      dims: all.map(({ dim }) => dim),
      ids: all.map(({ id }) => id),
      caps: caps.length,
      principal: x.principal,
      routeName,
    });
  };
  return {
    of(x) {
      const model = x.body?.model ?? "";
      let models = byKey.get(x.keyId);
      const known = models?.get(model);
      if (known && known.principal === x.principal && known.routeName === (x.route?.name ?? ""))
        return known;
      if (!known && ++count > plansMax) {
        byKey.clear();
        models = undefined;
        count = 1;
      }
      const plan = compile(x);
      if (models) models.set(model, plan);
      else byKey.set(x.keyId, new Map([[model, plan]]));
      return plan;
    },
  };
}

/** Name of the limiter that a call uses of a limit; undefined when the limit is not for it. */
function nameFor(dim: Dimension, x: Exchange): string | undefined {
  if (dim.scope === "global") return dim.match === undefined ? "" : undefined;
  if (dim.scope === "key") return keyNameFor(dim, x);
  const names = {
    tenant: x.principal?.tenantId ?? defaultTenant,
    model: x.body?.model ?? "",
    route: x.route?.name ?? "",
  };
  const name = names[dim.scope];
  return dim.match === undefined || dim.match.has(name) ? name : undefined;
}

/** A budget id is one limiter for all keys of a tenant that have it; a rate class is one for each key. */
function keyNameFor(dim: Dimension, x: Exchange): string | undefined {
  const { match } = dim;
  if (match === undefined || match.has(x.keyId)) return x.keyId;
  const { budgetId, rateId } = x.principal?.limits ?? {};
  if (budgetId !== undefined && match.has(budgetId))
    return budgetName(budgetId, x.principal?.tenantId ?? defaultTenant);
  return rateId !== undefined && match.has(rateId) ? x.keyId : undefined;
}

/** No tenant spends another's budget by its name: an `@` within an id, as a policy may have, is escaped. */
function budgetName(id: string, tenant: string): string {
  const name = `budget:${escaped(id, /[%@]/g)}`;
  return tenant === defaultTenant ? name : `${name}@${tenant}`;
}
