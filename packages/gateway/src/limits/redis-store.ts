import type { Clock, Timer } from "@loadline/kit/clock";
import type { DependencyHealth } from "../health/dependencies.ts";
import type { RedisStoreConfig } from "../redis/config.ts";
import type { KeyLists } from "../redis/written-calls.ts";
import type { Actual } from "./lease.ts";
import type { LocalStore } from "./local-store.ts";
import type { LeaseList, OpenLease } from "./open-lease.ts";
import { replicasKey, type SharedPart, sharedParts, tagOf } from "./redis-keys.ts";
import { type LinkEvents, openRedis, type RedisLink, type Script, scriptOf } from "./redis-link.ts";
import { adoptionOf, Batches, type Offset, restoreOf, type Told } from "./redis-rejoin.ts";
import { denialOf, figuresOf, learn, settleOf, wantsOf } from "./redis-reservation.ts";
import { RedisReserves } from "./redis-reserves.ts";
import { Reserving } from "./redis-reserving.ts";
import {
  adoptScript,
  beatScript,
  reserveScript,
  restoreScript,
  settleScript,
} from "./redis-scripts.ts";
import { RedisSettles } from "./redis-settles.ts";
import type { SharedDecision, SharedReservation, SharedStore } from "./shared-store.ts";

export interface RedisStoreDeps {
  /** An address, or the Sentinels or nodes to ask. */
  readonly url: RedisStoreConfig;
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
const logEveryMs = 1000;
const leaseMsDefault = 90_000;

const reserve = scriptOf(reserveScript);
const restore = { ...scriptOf(restoreScript), isWhole: true };
const adopt = { ...scriptOf(adoptScript), isWhole: true };
const beat = scriptOf(beatScript);

/**
 * Limits in Redis or Valkey.
 *
 * | state     | reserves go to            | leaves                                              |
 * |-----------|---------------------------|-----------------------------------------------------|
 * | up        | Redis                     | -> suspect after a call without an answer in time   |
 * | suspect   | Redis; unanswered: share  | -> up after an answer, -> down after 3 without       |
 * | down      | this replica's share      | -> up after 3 pings 500 ms apart                     |
 *
 * A cluster is up while all its masters answer: one that is away makes it suspect, then down, until
 * its successor is there. Limits of one tenant are one call, those that tenants share a second one.
 */
export class RedisStore implements SharedStore {
  readonly #deps: RedisStoreDeps;
  readonly #link: RedisLink;
  readonly #settles: RedisSettles;
  readonly #reserves: RedisReserves<Reserving>;
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
  /** Connected anew since it was last told what it cannot know: it may have forgotten the rest. */
  #isOther = false;

  constructor(deps: RedisStoreDeps) {
    this.#deps = deps;
    const { url, clock, timeoutMs } = deps;
    const open = deps.openLink ?? ((events: LinkEvents) => openRedis({ ...events, to: url }));
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
    this.#reserves = new RedisReserves({
      clock,
      link: this.#link,
      script: reserve,
      onSend: () => this.#settles.sendAlong(),
      onAnswer: (asked, figures, startMs) => this.#onReserved(asked, figures, startMs),
      onUndecided: ({ part }) => this.#log("redis.fault", `no decision on ${part.keys.join(" ")}`),
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

  reserve(o: SharedReservation): Promise<SharedDecision> {
    const { plan, buckets } = o;
    const parts = sharedParts(plan, this.#link.isCluster === true);
    const wallMs = plan.hasMoney ? this.#deps.clock.wallMs() : 0;
    const ttlUs = Math.min(o.ttlMs, this.#leaseMs) * 1000;
    const texts: string[] = [];
    for (const part of parts) {
      const text = wantsOf(part, o, { ttlUs, wallMs });
      if (typeof text !== "string") return Promise.resolve({ denial: text });
      texts.push(text);
    }
    // Held while Redis decides, so that none of them is forgotten meanwhile.
    this.#deps.local.hold(plan, buckets, 1);
    return new Promise((resolve) =>
      this.#reserves.add(new Reserving(o, { parts, texts, resolve })),
    );
  }

  settle(lease: OpenLease, actual: Actual | undefined): void {
    const { plan, buckets } = lease;
    this.#deps.local.hold(plan, buckets, -1);
    plan.refusal = undefined;
    const used = { ...(actual ?? lease.ask), requests: 1 };
    for (const part of sharedParts(plan, this.#link.isCluster === true)) {
      const settle = settleOf(part, lease, used);
      if (settle) this.#settles.add(settle, this.isUp);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#beatTimer?.cancel();
    await this.#settles.close(this.isUp);
    this.#link.close();
  }

  #onReserved(asked: Reserving, figures: readonly number[] | undefined, startMs: number): void {
    if (!figures) this.#onFailure(startMs);
    const decision = figures && this.#decisionOf(asked, figures);
    if (decision && !decision.denial) {
      if (asked.goOn()) this.#reserves.add(asked);
      else {
        asked.of.plan.refusal = undefined;
        asked.resolve(admitted);
      }
      return;
    }
    // What it may have taken, or yet take, is given back with what the parts before it took.
    this.#giveBack(decision ? asked.before : asked.asked, asked.of);
    this.#deps.local.hold(asked.of.plan, asked.of.buckets, -1);
    asked.resolve(decision);
  }

  #decisionOf({ part, of }: Reserving, figures: readonly number[]): SharedDecision {
    const { plan, buckets, ask, marks } = of;
    const { clock } = this.#deps;
    // Of a cluster only the look at every master says that it is there.
    if (!this.#link.isCluster) this.#onSuccess();
    const nowUs = this.#nowUs();
    this.#offsetUs = (figures[1] ?? 0) - nowUs;
    if ((figures[4] ?? 0) > 0) this.#replicas = figures[4] ?? 1;
    const wallMs = plan.hasMoney ? clock.wallMs() : 0;
    learn(part, figures, { plan, buckets, marks, nowUs, wallMs });
    if (figures[0] === 1) return admitted;
    const denial = denialOf(part, plan, figures);
    plan.refusal = denial;
    plan.refusedTokens = ask.tokens;
    plan.refusedAtUs = nowUs;
    plan.refusedUntilMs = clock.monotonicMs() + Math.min(refusalCacheMs, denial.waitUs / 1000);
    return { denial };
  }

  /**
   * Undoes a reservation whose call went on without it, whether or not it was made: under its name
   * nothing else is ever known. Sent with the next settles, and so again until it is done.
   */
  #giveBack(parts: readonly SharedPart[], o: SharedReservation): void {
    for (const part of parts) {
      const settle = settleOf(part, o, nothing);
      if (settle) this.#settles.add(settle, this.#state === "up");
    }
  }

  #nowUs(): number {
    return Math.floor(this.#deps.clock.monotonicMs() * 1000);
  }

  #onReady(isFirst: boolean): void {
    if (this.#isClosed) return;
    if (isFirst) {
      this.#beatTimer?.cancel();
      void this.#beat();
      return;
    }
    this.#isOther = true;
    if (this.isUp) this.#reconcile();
  }

  #onSuccess(): void {
    this.#failures = 0;
    if (this.#state !== "suspect") return;
    this.#reconcile();
    this.#become("up");
    this.#deps.local.restore();
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
  }

  /**
   * Tells Redis what it cannot know: what is to be given back, TATs, money, open leases. Nothing is
   * awaited: one connection keeps the order, so every later call finds it done.
   */
  #reconcile(): void {
    const { local } = this.#deps;
    void this.#settles.send();
    const offset = this.#offset();
    this.#isOther = false;
    local.hasUntold = false;
    const limiters = new Batches<Told & { key: string }>(restoreBatch, (_, told) => {
      const list = told.flatMap((one) => one.list);
      const onLost = (): void => {
        this.#isOther ||= offset.isOther;
        local.hasUntold = true;
        for (const one of told) one.undo();
      };
      this.#send(restore, { keys: [told.map(({ key }) => key)], list, onLost });
    });
    for (const bucket of local.table.all()) {
      const told = restoreOf(bucket, offset);
      if (told) limiters.add(this.#slotOf(bucket.key), { ...told, key: bucket.key });
    }
    limiters.end();
    this.#tellLeases(offset);
  }

  /** Open leases are told again: one that is known lives on, one that was lost is known again. */
  #tellLeases(offset: Offset): void {
    this.#renewedMs = this.#deps.clock.monotonicMs();
    const open = new Batches<readonly (string | number)[]>(adoptBatch, (leases, lists) =>
      this.#send(adopt, { keys: [[leases]], list: lists.flat() }),
    );
    for (let lease = this.#deps.leases.first; lease; lease = lease.after) {
      if (lease.keeper === "local") continue;
      for (const part of sharedParts(lease.plan, this.#link.isCluster === true)) {
        const list = adoptionOf(lease, part, offset);
        if (list) open.add(part.leases, list);
      }
      if (lease.keeper === "degraded") lease.keeper = "shared";
    }
    open.end();
  }

  #slotOf(key: string): string {
    return this.#link.isCluster ? tagOf(key) : "";
  }

  #offset(): Offset {
    const ttlMaxUs = this.#leaseMs * 1000;
    return { offsetUs: this.#offsetUs, nowUs: this.#nowUs(), ttlMaxUs, isOther: this.#isOther };
  }

  get #leaseMs(): number {
    return this.#deps.leaseMs ?? leaseMsDefault;
  }

  /** Three times within a lease's life, so that a lost call or two ends none. */
  #renew(): void {
    const sinceMs = this.#deps.clock.monotonicMs() - this.#renewedMs;
    if (this.#state === "up" && sinceMs >= this.#leaseMs / 3) this.#tellLeases(this.#offset());
  }

  #send(
    script: Script,
    o: {
      readonly keys: KeyLists;
      readonly list: readonly (string | number)[];
      readonly onLost?: () => void;
    },
  ): void {
    const startMs = this.#deps.clock.monotonicMs();
    void this.#link.run(script, o.keys, o.list, o.onLost).then((answer) => {
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
    const figures = await this.#askAll();
    this.#latencyMs = this.#deps.clock.monotonicMs() - startMs;
    if (this.#isClosed) return;
    const isFirst = this.#replicas === 0;
    this.#beatTimer?.cancel();
    if (figures) {
      this.#replicas = Math.max(1, figures[1] ?? 1);
      this.#offsetUs = (figures[0] ?? 0) - Math.floor(this.#deps.clock.monotonicMs() * 1000);
      // A call may have been decided here just when another one's answer had brought us back.
      if (this.#state === "up" && this.#deps.local.hasUntold) this.#reconcile();
      if (this.#state !== "down") this.#onSuccess();
      else if (++this.#pings >= pingsNeeded || isFirst) this.#rejoin();
    } else this.#onFailure(startMs);
    this.#renew();
    const delayMs = this.#state === "up" ? Math.min(beatMs, this.#leaseMs / 6) : pingMs;
    this.#beatTimer?.cancel();
    this.#beatTimer = this.#deps.clock.after(delayMs, () => void this.#beat(), { unref: true });
  }

  /** Our sign of life, and its answer; of a cluster none unless every master has answered. */
  async #askAll(): Promise<readonly number[] | undefined> {
    const { areAllThere } = this.#link;
    const [answer, isWhole] = await Promise.all([
      this.#link.run(beat, beatKeys, [this.#deps.replica, forgetUs]),
      this.#link.isCluster ? (areAllThere?.() ?? true) : true,
    ]);
    return isWhole ? figuresOf(answer) : undefined;
  }
}

const admitted: SharedDecision = { denial: undefined };
const beatKeys = [[replicasKey]];
const nothing = { tokens: 0, nano: 0, requests: 0 };
