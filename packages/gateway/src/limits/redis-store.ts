import { type Clock, monotonicUs } from "@loadline/kit/clock";
import { oncePerSecond } from "@loadline/kit/logger";
import type { DependencyHealth } from "../health/dependencies.ts";
import type { RedisStoreConfig } from "../redis/config.ts";
import type { ChunkAsk } from "./chunk-ask.ts";
import { Chunks, type Wanted } from "./chunks.ts";
import type { Actual } from "./lease.ts";
import type { LocalStore } from "./local-store.ts";
import type { LeaseList, OpenLease } from "./open-lease.ts";
import { type SharedPart, sharedParts } from "./redis-keys.ts";
import { type LinkEvents, openRedis, type RedisLink, scriptOf } from "./redis-link.ts";
import { RedisPresence } from "./redis-presence.ts";
import { denialOf, learn, settleOf, wantsOf } from "./redis-reservation.ts";
import { type Asked, RedisReserves, type RedisReservesDeps } from "./redis-reserves.ts";
import { Reserving } from "./redis-reserving.ts";
import { markScript, reserveScript, settleScript } from "./redis-scripts.ts";
import { RedisSettles } from "./redis-settles.ts";
import { RedisTelling } from "./redis-telling.ts";
import type { SharedDecision, SharedReservation, SharedStore } from "./shared-store.ts";

export interface RedisStoreDeps {
  /** An address, or the Sentinels or nodes to ask. */
  readonly url: RedisStoreConfig;
  /** Opens the link; only workers, whose supervisor runs the scripts, have another than Redis. */
  readonly openLink?: ((events: LinkEvents) => RedisLink) | undefined;
  /** Rates may be taken in parts, beforehand: see `Chunks`. */
  readonly takesAhead?: boolean | undefined;
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

const leaseMsDefault = 90_000;

const reserve = scriptOf(reserveScript);
const mark = scriptOf(markScript);

/**
 * Limits in Redis or Valkey. Limits of one tenant are one call; on a cluster those that tenants share
 * are a second one, and what the first took is given back when the second refuses.
 */
export class RedisStore implements SharedStore {
  readonly #deps: RedisStoreDeps;
  readonly #leaseMs: number;
  readonly #link: RedisLink;
  readonly #settles: RedisSettles;
  readonly #reserves: RedisReserves<Reserving>;
  /** Absent: every call is asked for. */
  readonly #chunks: Chunks | undefined;
  readonly #telling: RedisTelling;
  readonly #presence: RedisPresence;
  readonly #mayTell: () => boolean;

  constructor(deps: RedisStoreDeps) {
    this.#deps = deps;
    this.#mayTell = oncePerSecond(deps.clock);
    this.#leaseMs = deps.leaseMs ?? leaseMsDefault;
    this.#link = this.#openLink();
    const shared = { ...deps, link: this.#link, leaseMs: this.#leaseMs };
    const onFailure = (startMs: number): void => this.#presence.onFailure(startMs);
    const text = deps.settleText ?? settleScript;
    this.#settles = new RedisSettles({ ...shared, text, onFailure });
    this.#telling = new RedisTelling({ ...shared, settles: this.#settles, onFailure });
    const asking = {
      ...shared,
      script: reserve,
      onSend: () => this.#settles.sendAlong(),
      onUndecided: ({ part }: Asked) => this.#logFault(`no decision on ${part.keys.join(" ")}`),
    };
    this.#reserves = new RedisReserves<Reserving>({
      ...asking,
      onAnswer: (asked, figures, startMs) => this.#onReserved(asked, figures, startMs),
    });
    if (deps.takesAhead === true) this.#chunks = this.#chunksOf(asking);
    this.#presence = new RedisPresence({
      ...shared,
      onOther: () => this.#telling.onOther(),
      onBack: () => this.#telling.tellAll(this.#presence.offsetUs),
      onLook: () => this.#telling.renew(this.#presence.offsetUs),
    });
  }

  health(): DependencyHealth {
    return this.#presence.health();
  }

  get isUp(): boolean {
    return this.#presence.isUp;
  }

  take(call: Wanted): boolean {
    if (!this.#chunks || !this.#presence.isCertain || !this.#chunks.take(call)) return false;
    this.#deps.local.hold(call.plan, call.buckets, 1);
    return true;
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
    return new Promise((resolve) => {
      this.#reserves.add(new Reserving(o, { parts, texts, resolve }));
      if (this.#presence.isCertain) this.#chunks?.refill(o);
    });
  }

  settle(lease: OpenLease, actual: Actual | undefined): void {
    const { plan, buckets } = lease;
    this.#deps.local.hold(plan, buckets, -1);
    plan.lastRefusal.forget();
    const used = { ...(actual ?? lease.ask), requests: 1 };
    if (lease.keeper === "ahead") {
      this.#chunks?.settle(lease, used.tokens);
      return;
    }
    for (const part of sharedParts(plan, this.#link.isCluster === true)) {
      const settle = settleOf(part, lease, used);
      if (settle) this.#settles.add(settle, this.isUp);
    }
  }

  async isFirst(key: string, period: string): Promise<boolean | undefined> {
    if (!this.isUp) return undefined;
    const startMs = this.#deps.clock.monotonicMs();
    const answer = await this.#link.run(mark, [[key]], [period]);
    if (answer === undefined) this.#presence.onFailure(startMs);
    return answer === undefined ? undefined : answer === 1;
  }

  async close(): Promise<void> {
    this.#presence.close();
    await this.#settles.close(this.isUp);
    this.#link.close();
  }

  #openLink(): RedisLink {
    const { clock, timeoutMs, url } = this.#deps;
    const open = this.#deps.openLink ?? ((events: LinkEvents) => openRedis({ ...events, to: url }));
    return open({
      clock,
      timeoutMs,
      onReady: (isFirst) => this.#presence.onReady(isFirst),
      onFault: (text) => this.#logFault(text),
    });
  }

  #chunksOf(asking: RedisStoreDeps & Omit<RedisReservesDeps<ChunkAsk>, "onAnswer">): Chunks {
    const asks = new RedisReserves<ChunkAsk>({
      ...asking,
      onAnswer: (asked, figures, startMs) => {
        if (!figures) this.#presence.onFailure(startMs);
        chunks.onAnswer(asked, figures, startMs);
        if (asked.settle) this.#settles.add(asked.settle, this.isUp);
      },
    });
    const chunks = new Chunks({
      ...asking,
      partsOf: (plan) => sharedParts(plan, this.#link.isCluster === true),
      ask: (chunk) => asks.add(chunk),
    });
    return chunks;
  }

  #onReserved(asked: Reserving, figures: readonly number[] | undefined, startMs: number): void {
    if (!figures) this.#presence.onFailure(startMs);
    const decision = figures && this.#decisionOf(asked, figures);
    if (decision && !decision.denial) {
      if (asked.goOn()) this.#reserves.add(asked);
      else {
        asked.of.plan.lastRefusal.forget();
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
    this.#presence.onAnswer(figures[1] ?? 0, figures[4] ?? 0);
    const nowUs = monotonicUs(clock);
    const wallMs = plan.hasMoney ? clock.wallMs() : 0;
    learn(part, figures, { plan, buckets, marks, nowUs, wallMs });
    if (figures[0] === 1) return admitted;
    const denial = denialOf(part, of, figures);
    plan.lastRefusal.keep(denial, ask, nowUs);
    return { denial };
  }

  /**
   * Undoes a reservation whose call went on without it, whether or not it was made: under its name
   * nothing else is ever known. Sent with the next settles, and so again until it is done.
   */
  #giveBack(parts: readonly SharedPart[], o: SharedReservation): void {
    for (const part of parts) {
      const settle = settleOf(part, o, nothing);
      if (settle) this.#settles.add(settle, this.#presence.isCertain);
    }
  }

  #logFault(text: string): void {
    if (this.#mayTell()) this.#deps.log("redis.fault", text);
  }
}

const admitted: SharedDecision = { denial: undefined };
const nothing = { tokens: 0, nano: 0, requests: 0 };
