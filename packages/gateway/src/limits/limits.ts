import { type Clock, monotonicUs } from "@loadline/kit/clock";
import type { Exchange, Refusal } from "../pipeline/exchange.ts";
import { type Alerts, alertCrossed } from "../budgets/alerts.ts";
import type { Ledger } from "../budgets/ledger.ts";
import type { Dimension } from "./dimension.ts";
import {
  askOf,
  type Estimate,
  type EstimateDeps,
  estimateOf,
  lowered,
  plainAsk,
} from "./estimate.ts";
import type { Actual } from "./lease.ts";
import type { LocalStore, Times } from "./local-store.ts";
import type { LimitMetrics, LimitMode } from "./metrics.ts";
import { type LeaseHost, type LeaseKeeper, type LeaseList, OpenLease } from "./open-lease.ts";
import {
  type Ask,
  createPlanner,
  type Denial,
  type Plan,
  type Planner,
  type Range,
} from "./plan.ts";
import { refusalOf } from "./refusal.ts";
import type { SharedStore } from "./shared-store.ts";

export interface LimitsDeps {
  readonly clock: Clock;
  /** Per process, beside the configured limits. */
  readonly caps: readonly Dimension[];
  readonly limits: readonly Dimension[];
  readonly estimate: EstimateDeps;
  readonly local: LocalStore;
  /** Open leases; the shared store makes them known again after it was away. */
  readonly leases: LeaseList;
  /** Undefined: this process alone decides. */
  readonly shared: SharedStore | undefined;
  readonly metrics: LimitMetrics;
  readonly alerts: Alerts;
  /** Where budgets are kept when this process alone decides. */
  readonly ledger?: Ledger | undefined;
  /** How long a lease outlives the route's total timeout; default 30 s. */
  readonly leaseGraceMs?: number;
}

export interface LimitsStatus {
  readonly mode: LimitMode;
  readonly leases: number;
  readonly buckets: number;
}

/** What every call may use: reserved before, settled after. */
export interface Limits {
  /** Sets `x.lease`, or answers why the call may not pass. Waits for the shared store alone. */
  reserve(x: Exchange): undefined | Refusal | Promise<undefined | Refusal>;
  /** Settles the exchange's lease, once; undefined: nobody can say what was used. */
  settle(x: Exchange, actual: Actual | undefined): void;
  status(): LimitsStatus;
  /** Sends what is still to be settled. */
  close(): Promise<void>;
}

/** Limits that a reload changes. */
export interface ReloadableLimits extends Limits {
  /**
   * Other limits hold from now on. Those that are as before keep their state, budgets and
   * concurrency also with another figure; what was reserved under the former is settled there.
   */
  install(next: Pick<LimitsDeps, "caps" | "limits" | "estimate">): void;
}

const sweptMax = 16;
const leaseGraceMsDefault = 30_000;
const totalMsDefault = 600_000;
const anthropicPath = "/v1/messages";

export function createLimits(deps: LimitsDeps): ReloadableLimits {
  return new Engine(deps);
}

class Engine implements ReloadableLimits, LeaseHost {
  readonly leases: LeaseList;
  #deps: LimitsDeps;
  #plans: Planner;
  /** One for all calls: a decision is made in one turn. */
  readonly #times = { nowUs: 0, wallMs: 0 };

  constructor(deps: LimitsDeps) {
    this.#deps = deps;
    this.leases = deps.leases;
    this.#plans = createPlanner(deps);
    deps.metrics.onRender((set) => {
      set.leases(this.leases.size);
      set.mode(this.status().mode);
      this.#renderBudgets((dim, ratio) => set.budget(dim, ratio));
    });
  }

  nowUs(): number {
    return monotonicUs(this.#deps.clock);
  }

  wallMs(): number {
    return this.#deps.clock.wallMs();
  }

  reserve(x: Exchange): undefined | Refusal | Promise<undefined | Refusal> {
    const plan = this.#plans.of(x);
    let estimate: Estimate | undefined;
    if (plan.needsEstimate) {
      const estimated = estimateOf(x, plan, this.#deps.estimate);
      if ("code" in estimated) return estimated;
      estimate = estimated;
    }
    const { shared } = this.#deps;
    if (shared?.isUp && plan.shared.from < plan.shared.to)
      return this.#reserveShared(x, plan, estimate, shared);
    const { ledger } = this.#deps;
    if (ledger && plan.hasMoney && !shared) return this.#reserveKept(x, plan, estimate, ledger);
    return this.#reserveLocal(x, plan, estimate, x.id);
  }

  settle(x: Exchange, actual: Actual | undefined): void {
    const { lease } = x;
    if (!lease) return;
    if (actual && lease.reservedTokens > 0 && actual.tokens > lease.reservedTokens)
      this.#deps.metrics.shortfall(actual.tokens - lease.reservedTokens);
    lease.settle(actual);
  }

  install(next: Pick<LimitsDeps, "caps" | "limits" | "estimate">): void {
    const before = new Map(this.#deps.limits.map((dim) => [dim.key, dim.limit]));
    const isOther = (dim: Dimension): boolean => (before.get(dim.key) ?? dim.limit) !== dim.limit;
    // Shares of another figure are told anew.
    for (const dim of next.limits)
      if (dim.resource === "money" && isOther(dim)) this.#deps.local.tellAgain(dim);
    this.#deps = { ...this.#deps, ...next };
    this.#plans = createPlanner(next);
    this.#deps.metrics.install(next.limits);
  }

  status(): LimitsStatus {
    const { shared, local } = this.#deps;
    const mode = shared ? (shared.isUp ? "shared" : "degraded") : "local";
    return { mode, leases: this.leases.size, buckets: local.table.size };
  }

  async close(): Promise<void> {
    const { shared, ledger, local } = this.#deps;
    await shared?.close();
    await ledger?.close(local.table.all());
  }

  onSettled(lease: OpenLease, actual: Actual | undefined): void {
    const { plan } = lease;
    const { shared } = this.#deps;
    if (lease.keeper === "shared" || lease.keeper === "ahead") {
      this.#release(lease, plan.own, actual);
      shared?.settle(lease, actual);
      return;
    }
    this.#release(lease, plan.all, actual);
  }

  /** Money is spent only after the store has it as spent. */
  #reserveKept(
    x: Exchange,
    plan: Plan,
    estimate: Estimate | undefined,
    ledger: Ledger,
  ): undefined | Refusal | Promise<undefined | Refusal> {
    const ask = estimate ? askOf(estimate) : plainAsk;
    const loading = ledger.load();
    if (!loading) {
      this.#deps.local.openBudgets(plan, this.#readTimes(plan));
      const covering = ledger.cover(plan, ask.nano);
      return covering
        ? this.#onceKept(x, { plan, estimate, ledger, covering })
        : this.#reserveLocal(x, plan, estimate, x.id);
    }
    return loading.then((isKnown) => {
      if (x.isOver) return undefined;
      if (!isKnown) return { code: "LL_BUDGET_UNAVAILABLE", retryAfterMs: 1000 };
      return this.#reserveKept(x, plan, estimate, ledger);
    });
  }

  /** Others may have spent it meanwhile: it is looked at again. */
  async #onceKept(
    x: Exchange,
    o: { plan: Plan; estimate: Estimate | undefined; ledger: Ledger; covering: Promise<void> },
  ): Promise<undefined | Refusal> {
    await o.covering;
    return x.isOver ? undefined : this.#reserveKept(x, o.plan, o.estimate, o.ledger);
  }

  #reserveLocal(
    x: Exchange,
    plan: Plan,
    estimate: Estimate | undefined,
    id: string,
  ): undefined | Refusal | Promise<undefined | Refusal> {
    const times = this.#readTimes(plan);
    const { local, shared } = this.#deps;
    let asked = estimate ? askOf(estimate) : plainAsk;
    let denial = local.check(plan, asked, plan.all, times);
    if (denial && estimate) {
      const less = lowered(estimate, denial.restNano);
      if (less) {
        const ledger = shared ? undefined : this.#deps.ledger;
        const covering = ledger?.cover(plan, less.nano);
        if (ledger && covering) return this.#onceKept(x, { plan, estimate, ledger, covering });
        asked = less;
        denial = local.check(plan, asked, plan.all, times);
      }
    }
    const keeper = shared && plan.shared.from < plan.shared.to ? "degraded" : "local";
    if (denial) return this.#refuse(x, { plan, ask: asked, denial, keeper });
    const marks = plan.needsEstimate ? plan.blankMarks.slice() : undefined;
    local.take(plan, { ask: asked, range: plan.all, times, marks });
    this.#grant(x, { id, plan, buckets: plan.buckets, ask: asked, marks, keeper });
    return undefined;
  }

  #reserveShared(
    x: Exchange,
    plan: Plan,
    estimate: Estimate | undefined,
    shared: SharedStore,
  ): undefined | Refusal | Promise<Refusal | undefined> {
    const { local } = this.#deps;
    const times = this.#readTimes(plan);
    const ask = estimate ? askOf(estimate) : plainAsk;
    const cap =
      local.check(plan, ask, plan.own, times) ?? refusedBefore(plan, ask, estimate, times);
    if (cap) return this.#refuse(x, { plan, ask, denial: cap, keeper: "shared" });
    local.take(plan, { ask, range: plan.own, times, marks: undefined });
    const { buckets } = plan;
    const marks = plan.blankMarks.slice();
    if (!shared.take({ plan, buckets, ask, marks }))
      return this.#askShared(x, { plan, ask, marks, estimate, shared });
    this.#grant(x, { id: x.id, plan, buckets, ask, marks, keeper: "ahead" });
    return undefined;
  }

  async #askShared(
    x: Exchange,
    o: {
      plan: Plan;
      ask: Ask;
      marks: number[];
      estimate: Estimate | undefined;
      shared: SharedStore;
    },
  ): Promise<Refusal | undefined> {
    const { plan, marks, estimate, shared } = o;
    const { buckets } = plan;
    let { ask } = o;
    const giveBack = (): void => this.#giveBack(plan, buckets);
    const ttlMs = this.#leaseMsOf(x);
    let { id } = x;
    let decision = await shared.reserve({ id, plan, buckets, ask, ttlMs, marks });
    const less = decision?.denial && estimate && lowered(estimate, decision.denial.restNano);
    if (less) {
      ask = less;
      id = `${x.id}.2`;
      decision = await shared.reserve({ id, plan, buckets, ask, ttlMs, marks });
    }
    if (!decision) {
      giveBack();
      // Under a name of its own: what the store may yet do under the other is undone there.
      return x.isOver ? undefined : this.#reserveLocal(x, plan, estimate, `${id}.l`);
    }
    if (decision.denial) {
      giveBack();
      return this.#refuse(x, { plan, ask, denial: decision.denial, keeper: "shared" });
    }
    this.#grant(x, { id, plan, buckets, ask, marks, keeper: "shared" });
    // The client left while the store decided: nothing will be used.
    if (x.isOver) x.lease?.settle({ tokens: 0, nano: 0 });
    return undefined;
  }

  #grant(
    x: Exchange,
    o: {
      id: string;
      plan: Plan;
      buckets: Plan["buckets"];
      ask: Ask;
      marks: number[] | undefined;
      keeper: LeaseKeeper;
    },
  ): void {
    const { id, plan, buckets, ask, marks, keeper } = o;
    this.#deps.metrics.admitted(plan);
    x.lease = new OpenLease(this, {
      id,
      plan,
      buckets,
      ask,
      marks,
      keeper,
      share: keeper === "degraded" ? this.#deps.local.share : 1,
      isAnthropic: x.operation.path === anthropicPath,
      expiresUs: this.#times.nowUs + this.#leaseMsOf(x) * 1000,
    });
    if (plan.hasMoney) alertCrossed(plan, this.#deps.alerts);
  }

  #refuse(x: Exchange, o: { plan: Plan; ask: Ask; denial: Denial; keeper: LeaseKeeper }): Refusal {
    const dim = o.plan.dims[o.denial.index];
    if (dim) this.#deps.metrics.refused(dim);
    const { buckets } = o.plan;
    const isAnthropic = x.operation.path === anthropicPath;
    const share = this.#deps.local.share;
    return refusalOf({ ...o, buckets, isAnthropic, share }, this.nowUs(), this);
  }

  #leaseMsOf(x: Exchange): number {
    const totalMs = x.route?.timeouts.total ?? totalMsDefault;
    return totalMs + (this.#deps.leaseGraceMs ?? leaseGraceMsDefault);
  }

  #release(lease: OpenLease, range: Range, actual: Actual | undefined): void {
    const { plan, buckets, marks, share, ask } = lease;
    this.#deps.local.release(plan, {
      buckets,
      range,
      nowUs: marks ? this.nowUs() : 0,
      settle: {
        reservedTokens: ask.tokens,
        reservedNano: ask.nano,
        tokens: actual ? actual.tokens : ask.tokens,
        nano: actual ? actual.nano : ask.nano,
        marks,
        share,
      },
    });
    if (plan.hasMoney) alertCrossed(plan, this.#deps.alerts);
  }

  #giveBack(plan: Plan, buckets: Plan["buckets"]): void {
    const settle = { ...nothingUsed, marks: undefined, share: 1 };
    this.#deps.local.release(plan, { buckets, range: plan.own, settle, nowUs: 0 });
  }

  #readTimes(plan: Plan): Times {
    const times = this.#times;
    times.nowUs = this.nowUs();
    if (plan.hasMoney) times.wallMs = this.#deps.clock.wallMs();
    this.#sweep(times.nowUs);
    return times;
  }

  /** Leases of exchanges that never ended: slots and tokens return, money stays charged. */
  #sweep(nowUs: number): void {
    for (let i = 0; i < sweptMax; i++) {
      const { first } = this.leases;
      if (!first || first.expiresUs > nowUs) return;
      first.settle({ tokens: 0, nano: first.ask.nano });
    }
  }

  #renderBudgets(set: (dim: Dimension, ratio: number) => void): void {
    for (const dim of this.#deps.limits) {
      if (dim.resource !== "money") continue;
      let least = 1;
      for (const bucket of this.#deps.local.table.all()) {
        if (!bucket.id.startsWith(`${dim.key}|`) || bucket.windowEndMs <= this.wallMs()) continue;
        least = Math.min(least, 1 - bucket.spentNano / dim.limit);
      }
      set(dim, Math.max(0, least));
    }
  }
}

const nothingUsed = { reservedTokens: 0, reservedNano: 0, tokens: 0, nano: 0 };

/** A refusal of the shared store that holds for this call, too; not where it may ask for less. */
function refusedBefore(
  plan: Plan,
  ask: Ask,
  estimate: Estimate | undefined,
  { nowUs }: Times,
): Denial | undefined {
  const denial = plan.lastRefusal.of(ask, nowUs);
  return denial && estimate && lowered(estimate, denial.restNano) ? undefined : denial;
}
