import type { Ledger } from "../budgets/ledger.ts";
import { windowAt } from "../budgets/window.ts";
import { Bucket } from "./buckets.ts";
import {
  askedOf,
  type Decided,
  type Held,
  type Limiter,
  limiterOf,
  linesOf,
  readHeld,
  type Reservation,
  type ScriptArgument,
  textOf,
} from "./script-arguments.ts";

export type ScriptName = "reserve" | "settle" | "restore" | "adopt" | "beat";

/** A script as a replica sends it. */
export interface ScriptCall {
  readonly name: ScriptName;
  readonly keys: readonly string[];
  readonly list: readonly ScriptArgument[];
}

export interface ScriptTableDeps {
  nowUs(): number;
  /** Says which periods of budgets are over. */
  wallMs(): number;
  /** Where budgets are kept; absent: in memory alone. */
  readonly ledger?: Ledger | undefined;
  /** Rates, and budgets, that are known at a time; default 100,000 of each. */
  readonly limitersMax?: number;
}

interface OpenRecord {
  readonly owner: string;
  readonly held: readonly Held[];
  expiresUs: number;
}

const limitersMax = 100_000;
/** Of a full table, so many of the oldest are looked at for one that may go. */
const looksMax = 64;
const slotWaitUs = 1_000_000;

/**
 * The scripts of `redis-scripts.ts` over the memory of one process: what workers ask of their
 * supervisor. Same arguments and answers; in addition it knows who holds a lease, so that what a
 * dead worker held returns at once, and keeps budgets in the SQL store.
 */
export class ScriptTable {
  readonly #deps: ScriptTableDeps;
  readonly #tats = new Map<string, number>();
  readonly #slots = new Map<string, number>();
  readonly #money = new Map<string, Bucket>();
  /** How many open leases hold something of a budget. */
  readonly #holders = new Map<string, number>();
  readonly #leases = new Map<string, OpenRecord>();
  readonly #seen = new Map<string, number>();
  /** Owners of reservations whose budgets are being read or written. */
  readonly #waiting = new Map<string, string>();
  /** No lease expires before. */
  #nextExpiryUs = Number.POSITIVE_INFINITY;

  constructor(deps: ScriptTableDeps) {
    this.#deps = deps;
  }

  get leases(): number {
    return this.#leases.size;
  }

  /** A reservation whose budgets cannot be read now is not decided: its caller does as without an answer. */
  run(call: ScriptCall, owner: string): unknown {
    const { name, keys, list } = call;
    if (name === "reserve") return this.#reserveAll(askedOf(keys.slice(2), list), owner);
    if (name === "settle") return this.#settle(String(list[0]));
    if (name === "restore") return this.#restore(keys, list);
    return name === "adopt" ? this.#adopt(list, owner) : this.#beat(list);
  }

  /** Its slots and tokens return, money stays charged; what it still waits for is not decided. */
  forget(owner: string): void {
    for (const [id, of] of this.#waiting) if (of === owner) this.#waiting.delete(id);
    for (const [id, record] of this.#leases)
      if (record.owner === owner) this.#finish(id, { isExpired: true, nano: 0, deltas: [] });
  }

  /** Gives back what was written ahead of budgets. */
  async close(): Promise<void> {
    await this.#deps.ledger?.close(this.#money.values());
  }

  /**
   * Each as if it came alone. One whose budgets are read or written first holds up none beside it: that
   * begins now, and it is asked again by itself.
   */
  #reserveAll(asked: readonly Reservation[], owner: string): unknown {
    const said = (all: readonly Decided[]): string =>
      [this.#deps.nowUs(), this.#seen.size, ...all.map(textOf)].join(" ");
    const [only] = asked;
    if (!only || asked.length > 1) return said(asked.map((one) => this.#reserveNow(one, owner)));
    const decided = this.#reserveSoon(only, owner);
    return decided instanceof Promise ? decided.then((known) => said([known])) : said([decided]);
  }

  #reserveNow(one: Reservation, owner: string): Decided {
    if (!this.#hasRoom(one.limiters)) return this.#crowded(one.limiters);
    return this.#waitFor(one) ? "late" : this.#reserve(one, owner);
  }

  #reserveSoon(one: Reservation, owner: string): Decided | Promise<Decided> {
    if (!this.#hasRoom(one.limiters)) return this.#crowded(one.limiters);
    const waiting = this.#waitFor(one);
    if (!waiting) return this.#reserve(one, owner);
    this.#waiting.set(one.id, owner);
    return waiting.then((isKnown) => {
      // Who gave it back meanwhile did as without an answer, and settles it no second time.
      const isWanted = this.#waiting.delete(one.id);
      return isKnown && isWanted ? this.#reserveSoon(one, owner) : undefined;
    });
  }

  /** Reads or writes its budgets; undefined when they are known, false when they cannot be. */
  #waitFor({ limiters }: Reservation): Promise<boolean> | undefined {
    const { ledger } = this.#deps;
    if (!ledger || !limiters.some(({ kind }) => kind === "m")) return undefined;
    return ledger.load() ?? this.#cover(ledger, limiters)?.then(() => true);
  }

  #reserve({ id, ttlUs, limiters }: Reservation, owner: string): Decided {
    const nowUs = this.#sweep();
    const states = limiters.map((limiter) => this.#stateOf(limiter));
    let refused = -1;
    let longestUs = 0;
    limiters.forEach((limiter, i) => {
      const wait = waitOf(limiter, states[i] ?? 0, nowUs);
      if (wait <= 0 || (refused >= 0 && wait <= longestUs)) return;
      refused = i;
      longestUs = wait;
    });
    if (refused >= 0) return [0, refused, longestUs, ...states];
    const taken = limiters.map((limiter, i) => this.#take(limiter, states[i] ?? 0, nowUs));
    const held = limiters.flatMap((limiter, i) => heldOf(limiter, taken[i] ?? 0));
    if (held.length > 0) this.#open(id, { owner, held, expiresUs: nowUs + ttlUs });
    return [1, -1, 0, ...taken];
  }

  #cover(ledger: Ledger, limiters: readonly Limiter[]): Promise<void> | undefined {
    const money = limiters.filter(({ kind }) => kind === "m");
    for (const limiter of money) {
      const bucket = this.#budgetOf(limiter.key, limiter.window);
      const plan = { dims: [{ resource: "money", limit: limiter.b }], buckets: [bucket] } as const;
      const covering = ledger.cover(plan, limiter.a);
      if (covering) return covering;
    }
    return undefined;
  }

  /** The budget in the period asked for, or in a later one that somebody has begun. */
  #budgetOf(key: string, window: string): Bucket {
    let bucket = this.#money.get(key);
    if (!bucket) {
      bucket = new Bucket(decodeURIComponent(key.slice(key.indexOf(":m:") + 3)));
      bucket.kind = "m";
      bucket.key = key;
      this.#money.set(key, bucket);
    }
    if (bucket.windowId < window) {
      bucket.windowId = window;
      bucket.spentNano = this.#deps.ledger?.spentOf(bucket.id, window) ?? 0;
      bucket.coveredNano = bucket.spentNano;
    }
    return bucket;
  }

  #stateOf({ kind, key, window }: Limiter): number {
    if (kind === "c") return this.#slots.get(key) ?? 0;
    if (kind === "m") return this.#budgetOf(key, window).spentNano;
    return this.#tats.get(key) ?? 0;
  }

  /** Takes from one limiter; its state after that. */
  #take({ kind, key, a, window }: Limiter, state: number, nowUs: number): number {
    if (kind === "c") {
      this.#slots.set(key, state + 1);
      return state + 1;
    }
    if (kind === "m") return (this.#budgetOf(key, window).spentNano += a);
    const tat = Math.max(state, nowUs) + a;
    this.#tats.set(key, tat);
    return tat;
  }

  /** Whoever is known needs no room; limiters that are as full as new ones give theirs. */
  #hasRoom(limiters: readonly Limiter[]): boolean {
    const max = this.#deps.limitersMax ?? limitersMax;
    const nowUs = this.#sweep();
    let today = "";
    const mayGo = (bucket: Bucket): boolean => {
      today ||= windowAt("day", this.#deps.wallMs()).id;
      return this.#letGo(bucket, today);
    };
    return limiters.every(({ kind, key }) => {
      if (kind === "c") return true;
      if (kind === "m") return roomFor(key, this.#money, { max, mayGo });
      return roomFor(key, this.#tats, { max, mayGo: (tat: number) => tat <= nowUs });
    });
  }

  /** A budget that nobody holds anything of goes when nothing is spent or its period is over. */
  #letGo(bucket: Bucket, today: string): boolean {
    if (this.#holders.has(bucket.key)) return false;
    if (isOver(bucket.windowId, today)) return true;
    if (bucket.spentNano !== 0) return false;
    // What was written ahead of it is not spent either.
    void this.#deps.ledger?.close([bucket]);
    return true;
  }

  /** Refused for no limit of the call's own: position -1. */
  #crowded(limiters: readonly Limiter[]): readonly number[] {
    const states = limiters.map((one) =>
      one.kind === "m" && !this.#money.has(one.key) ? 0 : this.#stateOf(one),
    );
    return [0, -1, slotWaitUs, ...states];
  }

  #settle(text: string): number {
    let settled = 0;
    for (const line of linesOf(text)) {
      const [id = "", nano, ...deltas] = line.split(" ");
      const how = { isExpired: false, nano: Number(nano), deltas: deltas.map(Number) };
      if (this.#finish(id, how)) settled++;
      else this.#waiting.delete(id);
    }
    return settled;
  }

  #finish(id: string, o: { isExpired: boolean; nano: number; deltas: readonly number[] }): boolean {
    const record = this.#leases.get(id);
    if (!record) return false;
    this.#leases.delete(id);
    const nowUs = this.#deps.nowUs();
    let tokens = 0;
    for (const held of record.held) {
      if (held.kind === "c") giveOne(this.#slots, held.key);
      else if (held.kind === "t") {
        const delta = o.isExpired ? -held.amount : (o.deltas[tokens] ?? 0);
        tokens++;
        this.#move(held, delta, nowUs);
      } else {
        giveOne(this.#holders, held.key);
        if (!o.isExpired && o.nano !== 0) this.#spend(held, o.nano);
      }
    }
    return true;
  }

  #move({ key, mark }: Held, deltaUs: number, nowUs: number): void {
    const tat = this.#tats.get(key) ?? 0;
    if (deltaUs > 0) this.#tats.set(key, Math.max(tat, nowUs) + deltaUs);
    else if (deltaUs < 0)
      this.#tats.set(key, tat - Math.min(-deltaUs, Math.max(0, Number(mark) - nowUs)));
  }

  /** A refund belongs to its period; what exceeds is charged to the present one. */
  #spend({ key, mark }: Held, nano: number): void {
    const bucket = this.#money.get(key);
    if (bucket && (nano > 0 || bucket.windowId === mark)) bucket.spentNano += nano;
  }

  #restore(keys: readonly string[], list: readonly ScriptArgument[]): number {
    keys.forEach((key, i) => {
      const { kind, a, b, window } = limiterOf(key, list, i * 4);
      if (kind !== "m") {
        const known = this.#tats.get(key);
        const told = a >= 0 ? a : known === undefined ? -a : 0;
        const tat = Math.max(Math.max(known ?? 0, told) + b, Number(window));
        this.#tats.set(key, tat);
        return;
      }
      const bucket = this.#budgetOf(key, window);
      if (bucket.windowId === window) bucket.spentNano = Math.max(bucket.spentNano, a) + b;
    });
    return keys.length;
  }

  #adopt(list: readonly ScriptArgument[], owner: string): number {
    let adopted = 0;
    for (let at = 0; at < list.length; at += 3) {
      const expiresUs = this.#deps.nowUs() + Number(list[at + 1]);
      if (Number(list[at + 1]) <= 0) continue;
      const known = this.#leases.get(String(list[at]));
      if (known) {
        known.expiresUs = Math.max(known.expiresUs, expiresUs);
        continue;
      }
      const held = String(list[at + 2])
        .split("\n")
        .flatMap(readHeld);
      for (const { kind, key } of held)
        if (kind === "c") this.#slots.set(key, (this.#slots.get(key) ?? 0) + 1);
      this.#open(String(list[at]), { owner, held, expiresUs });
      adopted++;
    }
    return adopted;
  }

  #beat(list: readonly ScriptArgument[]): readonly number[] {
    const nowUs = this.#deps.nowUs();
    this.#seen.set(String(list[0]), nowUs);
    for (const [name, seenUs] of this.#seen)
      if (seenUs <= nowUs - Number(list[1])) this.#seen.delete(name);
    return [nowUs, this.#seen.size];
  }

  #open(id: string, record: OpenRecord): void {
    this.#leases.set(id, record);
    for (const { kind, key } of record.held)
      if (kind === "m") this.#holders.set(key, (this.#holders.get(key) ?? 0) + 1);
    this.#nextExpiryUs = Math.min(this.#nextExpiryUs, record.expiresUs);
  }

  /** Looks at the leases only when one may have expired; answers the time. */
  #sweep(): number {
    const nowUs = this.#deps.nowUs();
    if (nowUs < this.#nextExpiryUs) return nowUs;
    this.#nextExpiryUs = Number.POSITIVE_INFINITY;
    for (const [id, { expiresUs }] of this.#leases)
      if (expiresUs <= nowUs) this.#finish(id, { isExpired: true, nano: 0, deltas: [] });
      else this.#nextExpiryUs = Math.min(this.#nextExpiryUs, expiresUs);
    return nowUs;
  }
}

/** Whether `key` is there or may come; one of the oldest that may go goes for it. */
function roomFor<T>(
  key: string,
  map: Map<string, T>,
  o: { readonly max: number; mayGo(value: T): boolean },
): boolean {
  if (map.size < o.max || map.has(key)) return true;
  let looks = 0;
  for (const [oldest, value] of map) {
    map.delete(oldest);
    if (o.mayGo(value)) return true;
    // To the end of the queue, so that the next look begins with others.
    map.set(oldest, value);
    if (++looks === looksMax) return false;
  }
  return false;
}

function giveOne(counts: Map<string, number>, key: string): void {
  const left = (counts.get(key) ?? 0) - 1;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}

/** Whether a budget's period, such as `2026-01-31` or `2026-01`, was over before `today` began. */
function isOver(windowId: string, today: string): boolean {
  return windowId !== "total" && windowId < today.slice(0, windowId.length);
}

/** Microseconds to wait; 0 or less: admitted. */
function waitOf({ kind, a, b }: Limiter, state: number, nowUs: number): number {
  if (kind === "c") return state >= a ? slotWaitUs : 0;
  if (kind === "m") return state + a > b ? 1 : 0;
  return Math.max(state - nowUs, 0) + a - b;
}

function heldOf({ kind, key, a, window }: Limiter, state: number): Held[] {
  if (kind === "c") return [{ kind, amount: 1, mark: "-", key }];
  if (kind === "m") return [{ kind, amount: a, mark: window, key }];
  return kind === "t" ? [{ kind, amount: a, mark: String(state), key }] : [];
}
