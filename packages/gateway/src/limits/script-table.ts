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
import { type Ending, ScriptLimiters, type ScriptLimitersDeps } from "./script-limiters.ts";

export type ScriptName = "reserve" | "settle" | "restore" | "adopt" | "beat" | "mark";

/** A script as a replica sends it. */
export interface ScriptCall {
  readonly name: ScriptName;
  readonly keys: readonly string[];
  readonly list: readonly ScriptArgument[];
}

export interface ScriptTableDeps extends ScriptLimitersDeps {
  nowUs(): number;
}

interface OpenRecord {
  readonly owner: string;
  readonly held: readonly Held[];
  expiresUs: number;
}

const slotWaitUs = 1_000_000;
const expired: Ending = { isExpired: true, nano: 0, deltas: [] };

/**
 * The scripts of `redis-scripts.ts` over the memory of one process: what workers ask of their
 * supervisor. Same arguments and answers; in addition it knows who holds a lease, so that what a
 * dead worker held returns at once, and keeps budgets in the SQL store.
 */
export class ScriptTable {
  readonly #deps: ScriptTableDeps;
  readonly #limiters: ScriptLimiters;
  readonly #leases = new Map<string, OpenRecord>();
  readonly #seen = new Map<string, number>();
  /** Owners of reservations whose budgets are being read or written. */
  readonly #waiting = new Map<string, string>();
  /** No lease expires before. */
  #nextExpiryUs = Number.POSITIVE_INFINITY;

  constructor(deps: ScriptTableDeps) {
    this.#deps = deps;
    this.#limiters = new ScriptLimiters(deps);
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
    if (name === "mark") return Number(this.#limiters.mark(String(keys[0])));
    return name === "adopt" ? this.#adopt(list, owner) : this.#beat(list);
  }

  /** Its slots and tokens return, money stays charged; what it still waits for is not decided. */
  forget(owner: string): void {
    for (const [id, of] of this.#waiting) if (of === owner) this.#waiting.delete(id);
    for (const [id, record] of this.#leases) if (record.owner === owner) this.#finish(id, expired);
  }

  /** Gives back what was written ahead of budgets. */
  close(): Promise<void> {
    return this.#limiters.close();
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
    return this.#crowded(one) ?? (this.#waitFor(one) ? "late" : this.#reserve(one, owner));
  }

  #reserveSoon(one: Reservation, owner: string): Decided | Promise<Decided> {
    const crowded = this.#crowded(one);
    if (crowded) return crowded;
    const waiting = this.#waitFor(one);
    if (!waiting) return this.#reserve(one, owner);
    this.#waiting.set(one.id, owner);
    return waiting.then((isKnown) => {
      // Who gave it back meanwhile did as without an answer, and settles it no second time.
      const isWanted = this.#waiting.delete(one.id);
      return isKnown && isWanted ? this.#reserveSoon(one, owner) : undefined;
    });
  }

  #waitFor({ limiters }: Reservation): Promise<boolean> | undefined {
    return this.#limiters.waitFor(limiters);
  }

  /** There is no room for one of its limiters: refused for no limit of the call's own, position -1. */
  #crowded({ limiters }: Reservation): readonly number[] | undefined {
    if (this.#limiters.hasRoom(limiters, this.#sweep())) return undefined;
    return [0, -1, slotWaitUs, ...limiters.map((one) => this.#limiters.shownOf(one))];
  }

  #reserve({ id, ttlUs, limiters }: Reservation, owner: string): Decided {
    const nowUs = this.#sweep();
    const states = limiters.map((limiter) => this.#limiters.stateOf(limiter));
    let refused = -1;
    let longestUs = 0;
    limiters.forEach((limiter, i) => {
      const wait = waitOf(limiter, states[i] ?? 0, nowUs);
      if (wait <= 0 || (refused >= 0 && wait <= longestUs)) return;
      refused = i;
      longestUs = wait;
    });
    if (refused >= 0) return [0, refused, longestUs, ...states];
    const taken = limiters.map((limiter, i) => this.#limiters.take(limiter, states[i] ?? 0, nowUs));
    const held = limiters.flatMap((limiter, i) => heldOf(limiter, taken[i] ?? 0));
    if (held.length > 0) this.#open(id, { owner, held, expiresUs: nowUs + ttlUs });
    return [1, -1, 0, ...taken];
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

  #finish(id: string, o: Ending): boolean {
    const record = this.#leases.get(id);
    if (!record) return false;
    this.#leases.delete(id);
    this.#limiters.giveBack(record.held, o, this.#deps.nowUs());
    return true;
  }

  #restore(keys: readonly string[], list: readonly ScriptArgument[]): number {
    keys.forEach((key, i) => this.#limiters.restore(limiterOf(key, list, i * 4)));
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
      this.#open(String(list[at]), { owner, held, expiresUs }, true);
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

  #open(id: string, record: OpenRecord, isLost = false): void {
    this.#leases.set(id, record);
    this.#limiters.hold(record.held, isLost);
    this.#nextExpiryUs = Math.min(this.#nextExpiryUs, record.expiresUs);
  }

  /** Looks at the leases only when one may have expired; answers the time. */
  #sweep(): number {
    const nowUs = this.#deps.nowUs();
    if (nowUs < this.#nextExpiryUs) return nowUs;
    this.#nextExpiryUs = Number.POSITIVE_INFINITY;
    for (const [id, { expiresUs }] of this.#leases)
      if (expiresUs <= nowUs) this.#finish(id, expired);
      else this.#nextExpiryUs = Math.min(this.#nextExpiryUs, expiresUs);
    return nowUs;
  }
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
