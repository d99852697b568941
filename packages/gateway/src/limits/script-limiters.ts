import type { Ledger } from "../budgets/ledger.ts";
import { windowAt } from "../budgets/window.ts";
import { Bucket } from "./buckets.ts";
import type { Held, Limiter } from "./script-arguments.ts";

export interface ScriptLimitersDeps {
  /** Says which periods of budgets are over. */
  wallMs(): number;
  /** Where budgets are kept; absent: in memory alone. */
  readonly ledger?: Ledger | undefined;
  /** Rates, and budgets, that are known at a time; default 100,000 of each. */
  readonly limitersMax?: number;
}

/** What became of a lease: it expired, or its deltas of nano-units and, one for each `t`, of us. */
export interface Ending {
  readonly isExpired: boolean;
  readonly nano: number;
  readonly deltas: readonly number[];
}

const limitersMaxDefault = 100_000;
/** Of a full table, so many of the oldest are looked at for one that may go. */
const looksMax = 64;

/** The states of the limiters that a `ScriptTable` decides by, in a bounded part of the memory. */
export class ScriptLimiters {
  readonly #deps: ScriptLimitersDeps;
  readonly #max: number;
  readonly #tats = new Map<string, number>();
  readonly #slots = new Map<string, number>();
  readonly #money = new Map<string, Bucket>();
  /** How many open leases hold something of a budget. */
  readonly #holders = new Map<string, number>();
  /** What was told of once and for all, the oldest first. */
  readonly #marks = new Set<string>();

  constructor(deps: ScriptLimitersDeps) {
    this.#deps = deps;
    this.#max = deps.limitersMax ?? limitersMaxDefault;
  }

  stateOf({ kind, key, window }: Limiter): number {
    if (kind === "c") return this.#slots.get(key) ?? 0;
    if (kind === "m") return this.#budgetOf(key, window).spentNano;
    return this.#tats.get(key) ?? 0;
  }

  /** The same without a place for a budget that is not known. */
  shownOf(limiter: Limiter): number {
    return limiter.kind === "m" && !this.#money.has(limiter.key) ? 0 : this.stateOf(limiter);
  }

  /** Takes from one limiter; its state after that. */
  take({ kind, key, a, window }: Limiter, state: number, nowUs: number): number {
    if (kind === "c") {
      this.#slots.set(key, state + 1);
      return state + 1;
    }
    if (kind === "m") return (this.#budgetOf(key, window).spentNano += a);
    const tat = Math.max(state, nowUs) + a;
    this.#tats.set(key, tat);
    return tat;
  }

  /** A lease holds these from now on; of a lease that was lost the slots are taken again. */
  hold(held: readonly Held[], isLost = false): void {
    for (const { kind, key } of held) {
      if (kind === "m") addOne(this.#holders, key);
      if (kind === "c" && isLost) addOne(this.#slots, key);
    }
  }

  /** What a lease held goes back, as it ended. */
  giveBack(all: readonly Held[], o: Ending, nowUs: number): void {
    let tokens = 0;
    for (const held of all) {
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
  }

  /** What a process knows of a limiter after it could not tell. */
  restore({ kind, key, a, b, window }: Limiter): void {
    if (kind !== "m") {
      const known = this.#tats.get(key);
      const told = a >= 0 ? a : known === undefined ? -a : 0;
      this.#tats.set(key, Math.max(Math.max(known ?? 0, told) + b, Number(window)));
      return;
    }
    const bucket = this.#budgetOf(key, window);
    if (bucket.windowId === window) bucket.spentNano = Math.max(bucket.spentNano, a) + b;
  }

  /** Whether nobody left this mark before; of very many the oldest are forgotten. */
  mark(key: string): boolean {
    if (this.#marks.has(key)) return false;
    const [oldest] = this.#marks;
    if (oldest !== undefined && this.#marks.size >= this.#max) this.#marks.delete(oldest);
    this.#marks.add(key);
    return true;
  }

  /** Reads or writes budgets; undefined when they are known, false when they cannot be. */
  waitFor(limiters: readonly Limiter[]): Promise<boolean> | undefined {
    const { ledger } = this.#deps;
    if (!ledger || !limiters.some(({ kind }) => kind === "m")) return undefined;
    return ledger.load() ?? this.#cover(ledger, limiters)?.then(() => true);
  }

  /** Whoever is known needs no room; limiters that are as full as new ones give theirs. */
  hasRoom(limiters: readonly Limiter[], nowUs: number): boolean {
    const max = this.#max;
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

  /** Gives back what was written ahead of budgets. */
  async close(): Promise<void> {
    await this.#deps.ledger?.close(this.#money.values());
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

  /** A budget that nobody holds anything of goes when nothing is spent or its period is over. */
  #letGo(bucket: Bucket, today: string): boolean {
    if (this.#holders.has(bucket.key)) return false;
    if (isOver(bucket.windowId, today)) return true;
    if (bucket.spentNano !== 0) return false;
    // What was written ahead of it is not spent either.
    void this.#deps.ledger?.close([bucket]);
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

function addOne(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
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
