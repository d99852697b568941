import { type Law, lawOf } from "@loadline/kit/rate-limiter";
import type { BudgetPeriod } from "../budgets/window.ts";
import type { LimitEntry, LimitResource, LimitScope } from "./config.ts";

/** One configured limit, compiled. */
export interface Dimension {
  readonly scope: LimitScope;
  readonly resource: LimitResource;
  /** `scope/resource`, as `x-loadline-limit` names it. */
  readonly name: string;
  /** Requests, tokens, slots, or nano-units of currency. */
  readonly limit: number;
  /** The same as headers state it. */
  readonly limitText: string;
  /** Of requests and tokens. */
  readonly law: Law | undefined;
  /** Of money. */
  readonly period: BudgetPeriod | undefined;
  readonly match: ReadonlySet<string> | undefined;
  /** The prompt is reserved at one token per byte. */
  readonly isUpper: boolean;
  /** Its law as `ratelimit-policy` states it; empty for money and concurrency. */
  readonly policy: string;
  /**
   * Distinguishes limits of one scope and resource: part of its limiters' ids. Budgets and
   * concurrency keep it, and with it what is spent, when their figure changes.
   */
  readonly key: string;
}

const nanoPerUnit = 1e9;
const dayMs = 86_400_000;

/**
 * Compiles the configured limits, in their order; one that is written twice counts once, of two
 * budgets or concurrency limits for the same the smaller. A RangeError names figures beyond integers.
 */
export function compileLimits(entries: readonly LimitEntry[]): Dimension[] {
  const byKey = new Map<string, Dimension>();
  for (const dim of entries.map(compileLimit)) {
    const same = byKey.get(dim.key);
    if (!same || dim.limit < same.limit) byKey.set(dim.key, dim);
  }
  return [...byKey.values()];
}

/** A cap on requests at once. */
export function concurrencyCap(scope: LimitScope, limit: number): Dimension {
  const entry = { scope, resource: "concurrency", limit, period: 60_000 } as const;
  return { ...compileLimit({ ...entry, estimate: "mean" }), key: `cap:${scope}` };
}

function compileLimit(entry: LimitEntry): Dimension {
  const { scope, resource, match } = entry;
  const law = lawFor(entry);
  const period = resource === "money" ? periodOf(entry) : undefined;
  const limit = resource === "money" ? Math.round(entry.limit * nanoPerUnit) : entry.limit;
  const span = law ? `${law.limit}/${law.periodUs}:${law.burst}` : (period ?? "");
  const seconds = law ? law.periodUs / 1e6 : 0;
  const matched = match === undefined ? undefined : [match].flat();
  return {
    scope,
    resource,
    name: `${scope}/${resource}`,
    limit,
    limitText: String(limit),
    law,
    period,
    match: matched && new Set(matched),
    isUpper: entry.estimate === "upper",
    policy: law ? `"${scope}-${resource}";q=${law.limit};w=${seconds};burst=${law.burst}` : "",
    key: `${scope}:${resource}:${span}:${matched?.map(named).join(",") ?? "*"}`,
  };
}

/** Not one that looks like the list, or the key, that it is part of. */
const named = (name: string): string => escaped(name, /[%,|*]/g);

/** A text with each of these characters as `%` and its code. */
export function escaped(text: string, chars: RegExp): string {
  return text.replaceAll(chars, (char) => `%${char.charCodeAt(0).toString(16)}`);
}

function lawFor(entry: LimitEntry): Law | undefined {
  const { resource, limit, period } = entry;
  if (typeof period === "string" || resource === "money" || resource === "concurrency") return;
  const isCounted = resource === "requests";
  const burst = entry.burst ?? (isCounted ? Math.ceil(limit / 10) : limit);
  return lawOf({ limit, periodUs: period * 1000, burst, isCounted });
}

function periodOf(entry: LimitEntry): BudgetPeriod {
  return entry.period === dayMs || typeof entry.period !== "string" ? "day" : entry.period;
}
