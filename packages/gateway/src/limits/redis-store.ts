import type { Clock, Timer } from "@loadline/kit/clock";
import { costUs } from "@loadline/kit/rate-limiter";
import { windowAt } from "../budgets/window.ts";
import type { DependencyHealth } from "../health/dependencies.ts";
import type { Actual } from "./lease.ts";
import type { LocalStore } from "./local-store.ts";
import type { LeaseList, OpenLease } from "./open-lease.ts";
import type { Denial, Plan } from "./plan.ts";
import { kindOf, leasesKey, replicasKey, sharedKeys } from "./redis-keys.ts";
import { type LinkEvents, openRedis, type RedisLink, type Script, scriptOf } from "./redis-link.ts";
import { RedisSettles } from "./redis-settles.ts";
import { adoptionOf, Batch, type Offset, restoreOf } from "./redis-rejoin.ts";
import {
  adoptScript,
  beatScript,
  reserveScript,
  restoreScript,
  settleScript,
} from "./redis-scripts.ts";
import type { SharedDecision, SharedReservation, SharedStore } from "./shared-store.ts";

export interface RedisStoreDeps {
  readonly url: string;
  /** Opens the link; only workers, whose supervisor runs the scripts, have another than Redis. */
  readonly openLink?: ((events: LinkEvents) => RedisLink) | undefined;
  /** A lease that is not renewed for this long returns by itself (ms); default 90 s. */
  readonly leaseMs?: number | undefined;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Shares of a replica that never saw Redis. */
  readonly replicasMax: number;
  /** Name of this replica, unique among all. */
  readonly replica: string;
  readonly local: LocalStore;
  readonly leases: LeaseList;
  /** Tells of each change of mode and of faults, at most one a second. */
  readonly log: (event: string, text: string) => void;
  /** Settles that were not kept, because too many waited. */
  readonly onDropped: (settles: number) => void;
  /** Text of the settle script; only a test replaces it. */
  readonly settleText?: string;
}

const failuresMax = 3;
const pingsNeeded = 3;
const pingMs = 500;
const beatMs = 1000;
const forgetUs = 5_000_000;
const adoptBatch = 100;
const restoreBatch = 200;
const refusalCacheMs = 50;
const answerHead = 5;
const logEveryMs = 1000;
const leaseMsDefault = 90_000;

const reserve = scriptOf(reserveScript);
const restore = scriptOf(restoreScript);
const adopt = scriptOf(adoptScript);
const beat = scriptOf(beatScript);

/**
 * Limits in Redis or Valkey.
 *
 * | state     | reserves go to            | leaves                                              |
 * |-----------|---------------------------|-----------------------------------------------------|
 * | up        | Redis                     | -> suspect after a call without an answer in time   |
 * | suspect   | Redis; unanswered: share  | -> up after an answer, -> down after 3 without       |
 * | down      | this replica's share      | -> up after 3 pings 500 ms apart                     |
 */
export class RedisStore implements SharedStore {
  readonly #deps: RedisStoreDeps;
  readonly #link: RedisLink;
  readonly #settles: RedisSettles;
  #state: "up" | "suspect" | "down" = "down";
  #failures = 0;
  #failedMs = Number.NEGATIVE_INFINITY;
  #pings = 0;
  #replicas = 0;
  /** Redis' clock minus ours, us. */
  #offsetUs = 0;
  #beatTimer: Timer | undefined;
  #sinceMs = 0;
  #renewedMs = 0;
  #latencyMs = 0;
  #lastLogMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(deps: RedisStoreDeps) {
    this.#deps = deps;
    const { url, clock, timeoutMs } = deps;
    const open = deps.openLink ?? ((events: LinkEvents) => openRedis({ ...events, url }));
    this.#link = open({
      clock,
      timeoutMs,
      onReady: (isFirst) => this.#onReady(isFirst),
      onFault: (text) => this.#log("redis.fault", text),
    });
    // Until Redis is seen for the first time nobody knows how many replicas there are.
    this.#settles = new RedisSettles({
      clock,
      link: this.#link,
      text: deps.settleText ?? settleScript,
      onFailure: (startMs) => this.#onFailure(startMs),
      onDropped: deps.onDropped,
    });
    this.#sinceMs = clock.wallMs();
    deps.local.degrade(deps.replicasMax, this.#nowUs(), "all");
    this.#beatTimer = clock.after(pingMs, () => void this.#beat(), { unref: true });
  }

  /** For /health: the component, since when, and how long the last call took. */
  health(): DependencyHealth {
    const state = this.#state === "up" ? "ok" : this.#state === "suspect" ? "degraded" : "down";
    return { state, sinceMs: this.#sinceMs, latencyMs: this.#latencyMs };
  }

  get isUp(): boolean {
    return this.#state !== "down";
  }

  /** Replicas last seen; 0 before Redis was seen at all. */
  get replicas(): number {
    return this.#replicas;
  }

  async reserve(o: SharedReservation): Promise<SharedDecision> {
    const { plan, ask } = o;
    const list: (string | number)[] = [o.id, Math.min(o.ttlMs, this.#leaseMs) * 1000];
    const tooLarge = this.#pushLimits(list, plan, o);
    if (tooLarge) return { denial: tooLarge };
    const { buckets } = plan;
    const startMs = this.#deps.clock.monotonicMs();
    const answer = await this.#link.run(
      reserve,
      [leasesKey, replicasKey, ...sharedKeys(plan)],
      list,
      (late) => this.#onLate(late, o),
    );
    const figures = figuresOf(answer);
    if (!figures) {
      this.#onFailure(startMs);
      return undefined;
    }
    this.#replicas = Math.max(1, figures[4] ?? 1);
    this.#onSuccess();
    this.#learn(plan, buckets, figures, o.marks);
    if (figures[0] === 1) {
      this.#deps.local.hold(plan, buckets, 1);
      plan.refusal = undefined;
      return { denial: undefined };
    }
    const denial = this.#denialOf(plan, figures);
    const nowMs = this.#deps.clock.monotonicMs();
    plan.refusal = denial;
    plan.refusedTokens = ask.tokens;
    plan.refusedAtUs = this.#nowUs();
    plan.refusedUntilMs = nowMs + Math.min(refusalCacheMs, denial.waitUs / 1000);
    return { denial };
  }

  settle(lease: OpenLease, actual: Actual | undefined): void {
    const { plan, buckets } = lease;
    this.#deps.local.hold(plan, buckets, -1);
    plan.refusal = undefined;
    this.#settleUsed(lease, actual ?? lease.ask);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#beatTimer?.cancel();
    await this.#settles.close(this.isUp);
    this.#link.close();
  }

  /** Queues the difference between what was reserved and what was used. */
  #settleUsed({ id, plan, ask }: Pick<OpenLease, "id" | "plan" | "ask">, used: Actual): void {
    const deltas: number[] = [];
    let hasRecord = false;
    for (let i = plan.shared.from; i < plan.shared.to; i++) {
      const dim = plan.dims[i];
      if (!dim || dim.resource === "requests") continue;
      hasRecord = true;
      if (dim.law) deltas.push(costUs(dim.law, used.tokens) - costUs(dim.law, ask.tokens));
    }
    if (hasRecord) this.#settles.add({ id, nano: used.nano - ask.nano, deltas }, this.isUp);
  }

  /** Adds the plan's limits to the script's arguments, or answers that one is never passed. */
  #pushLimits(
    list: (string | number)[],
    plan: Plan,
    { ask }: SharedReservation,
  ): Denial | undefined {
    const wallMs = plan.hasMoney ? this.#deps.clock.wallMs() : 0;
    for (let i = plan.shared.from; i < plan.shared.to; i++) {
      const dim = plan.dims[i];
      if (!dim) continue;
      const { law } = dim;
      if (dim.resource === "concurrency") list.push("c", dim.limit, "-", "-");
      else if (dim.resource === "money")
        list.push("m", ask.nano, dim.limit, windowAt(dim.period ?? "total", wallMs).id);
      else if (law) {
        const cost = costUs(law, law.isCounted ? 1 : ask.tokens);
        if (cost > law.capacityUs)
          return { index: i, waitUs: 0, isTooLarge: true, restNano: Number.POSITIVE_INFINITY };
        list.push(kindOf(dim), cost, law.capacityUs, "-");
      }
    }
    return undefined;
  }

  /** Notes what Redis said of each limiter, in this process' time. */
  #learn(plan: Plan, buckets: Plan["buckets"], figures: readonly number[], marks: number[]): void {
    const nowUs = this.#nowUs();
    this.#offsetUs = (figures[1] ?? 0) - nowUs;
    const wallMs = plan.hasMoney ? this.#deps.clock.wallMs() : 0;
    for (let i = plan.shared.from; i < plan.shared.to; i++) {
      const dim = plan.dims[i];
      const bucket = buckets[i];
      const figure = figures[answerHead + i - plan.shared.from];
      if (!dim || !bucket || figure === undefined || dim.resource === "concurrency") continue;
      bucket.seenUs = nowUs;
      if (dim.resource === "money") {
        const window = windowAt(dim.period ?? "total", wallMs);
        if (bucket.windowId !== window.id) bucket.alertAtNano = -1;
        bucket.windowId = window.id;
        bucket.windowEndMs = window.endMs;
        bucket.spentNano = figure;
        bucket.baseNano = figure;
        marks[i] = window.endMs;
      } else {
        bucket.tatUs = Math.max(0, figure - this.#offsetUs);
        bucket.wholeUs = bucket.tatUs;
        marks[i] = bucket.tatUs;
      }
    }
  }

  #denialOf(plan: Plan, figures: readonly number[]): Denial {
    let restNano = Number.POSITIVE_INFINITY;
    const index = plan.shared.from + (figures[2] ?? 0);
    for (let i = plan.shared.from; i < plan.shared.to; i++) {
      const dim = plan.dims[i];
      const figure = figures[answerHead + i - plan.shared.from] ?? 0;
      if (dim?.resource === "money") restNano = Math.min(restNano, dim.limit - figure);
    }
    return { index, waitUs: figures[3] ?? 0, isTooLarge: false, restNano };
  }

  /**
   * The answer came after the call had gone on without it: what it took is given back. At once, and
   * so before the open leases are told again: under the same id it would take the told one away.
   */
  #onLate(answer: unknown, o: SharedReservation): void {
    if (figuresOf(answer)?.[0] !== 1) return;
    this.#settleUsed(o, { tokens: 0, nano: 0 });
    void this.#settles.send();
  }

  #nowUs(): number {
    return Math.floor(this.#deps.clock.monotonicMs() * 1000);
  }

  #onReady(isFirst: boolean): void {
    if (this.#isClosed) return;
    if (isFirst) {
      this.#beatTimer?.cancel();
      void this.#beat();
    } else if (this.isUp) this.#reconcile();
  }

  #onSuccess(): void {
    this.#failures = 0;
    if (this.#state !== "suspect") return;
    this.#reconcile();
    this.#become("up");
    this.#deps.local.restore();
    void this.#settles.send();
  }

  #become(state: "up" | "suspect" | "down"): void {
    this.#state = state;
    this.#sinceMs = this.#deps.clock.wallMs();
  }

  /** Calls that were under way together when one went unanswered count as one failure. */
  #onFailure(startMs: number): void {
    if (startMs >= this.#failedMs) {
      this.#failures++;
      this.#failedMs = this.#deps.clock.monotonicMs();
    }
    this.#pings = 0;
    if (this.#state === "up") {
      this.#become("suspect");
      this.#deps.local.degrade(Math.max(1, this.#replicas), this.#nowUs(), "recent");
    }
    if (this.#state !== "suspect" || this.#failures < failuresMax) return;
    this.#become("down");
    this.#deps.local.degrade(Math.max(1, this.#replicas), this.#nowUs(), "none");
    this.#deps.log("limits.degraded", `each limit holds for 1/${this.#deps.local.share}`);
    this.#beatTimer?.cancel();
    this.#beatTimer = this.#deps.clock.after(pingMs, () => void this.#beat(), { unref: true });
  }

  #rejoin(): void {
    this.#reconcile();
    this.#become("up");
    this.#failures = 0;
    this.#deps.local.restore();
    this.#deps.log("limits.shared", `with ${this.#replicas} replicas`);
    void this.#settles.send();
  }

  /**
   * Tells Redis what it cannot know: TATs, money, open leases. Nothing is awaited: one connection
   * keeps the order, so every later call finds it done.
   */
  #reconcile(): void {
    const { local } = this.#deps;
    const offset = this.#offset();
    const limiters = new Batch(restoreBatch, (keys, list) => this.#send(restore, keys, list));
    for (const bucket of local.table.all()) {
      const list =
        bucket.kind === "" ? undefined : restoreOf(bucket, local.knownUs(bucket), offset);
      if (list) limiters.add(bucket.key, list);
    }
    limiters.end();
    this.#tellLeases(offset);
  }

  /** Open leases are told again: one that is known lives on, one that was lost is known again. */
  #tellLeases(offset: Offset): void {
    this.#renewedMs = this.#deps.clock.monotonicMs();
    const open = new Batch(adoptBatch, (_, list) => this.#send(adopt, [leasesKey], list));
    for (let lease = this.#deps.leases.first; lease; lease = lease.after) {
      const list = lease.keeper === "local" ? undefined : adoptionOf(lease, offset);
      if (list) open.add("", list);
      if (lease.keeper === "degraded") lease.keeper = "shared";
    }
    open.end();
  }

  #offset(): Offset {
    const ttlMaxUs = this.#leaseMs * 1000;
    return { offsetUs: this.#offsetUs, nowUs: this.#nowUs(), ttlMaxUs };
  }

  get #leaseMs(): number {
    return this.#deps.leaseMs ?? leaseMsDefault;
  }

  /** Three times within a lease's life, so that a lost call or two ends none. */
  #renew(): void {
    const sinceMs = this.#deps.clock.monotonicMs() - this.#renewedMs;
    if (this.#state === "up" && sinceMs >= this.#leaseMs / 3) this.#tellLeases(this.#offset());
  }

  #send(script: Script, keys: readonly string[], list: readonly (string | number)[]): void {
    const startMs = this.#deps.clock.monotonicMs();
    void this.#link.run(script, keys, list).then((answer) => {
      if (answer === undefined) this.#onFailure(startMs);
    });
  }

  #log(event: string, text: string): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - this.#lastLogMs < logEveryMs) return;
    this.#lastLogMs = nowMs;
    this.#deps.log(event, text);
  }

  async #beat(): Promise<void> {
    const startMs = this.#deps.clock.monotonicMs();
    const answer = await this.#link.run(beat, [replicasKey], [this.#deps.replica, forgetUs]);
    this.#latencyMs = this.#deps.clock.monotonicMs() - startMs;
    if (this.#isClosed) return;
    const figures = figuresOf(answer);
    const isFirst = this.#replicas === 0;
    this.#beatTimer?.cancel();
    if (figures) {
      this.#replicas = Math.max(1, figures[1] ?? 1);
      this.#offsetUs = (figures[0] ?? 0) - Math.floor(this.#deps.clock.monotonicMs() * 1000);
      if (this.#state !== "down") this.#onSuccess();
      else if (++this.#pings >= pingsNeeded || isFirst) this.#rejoin();
    } else this.#onFailure(startMs);
    this.#renew();
    const delayMs = this.#state === "down" ? pingMs : Math.min(beatMs, this.#leaseMs / 6);
    this.#beatTimer?.cancel();
    this.#beatTimer = this.#deps.clock.after(delayMs, () => void this.#beat(), { unref: true });
  }
}

/** The numbers of an answer; undefined for anything else. */
function figuresOf(answer: unknown): readonly number[] | undefined {
  return Array.isArray(answer) && answer.every((value) => typeof value === "number")
    ? answer
    : undefined;
}
