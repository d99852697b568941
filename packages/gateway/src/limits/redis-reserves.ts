import type { Clock } from "@loadline/kit/clock";
import type { SharedPart } from "./redis-keys.ts";
import type { KeyLists } from "../redis/written-calls.ts";
import type { RedisLink, Script } from "./redis-link.ts";
import { answerHead } from "./redis-reservation.ts";

/** A reservation of a part's limits on its way to the store. */
export interface Asked {
  readonly part: SharedPart;
  /** Its line for the reserve script, without the plan's number. */
  readonly text: string;
}

export interface RedisReservesDeps<T extends Asked> {
  readonly clock: Clock;
  readonly link: RedisLink;
  readonly script: Script;
  /** What else is to be sent goes ahead, in the same write. */
  readonly onSend: () => void;
  /**
   * The store's answer: admitted, its time, position refused, wait, replicas, the limiters' states;
   * undefined: none in time, or no decision. The list is another's with the next answer.
   */
  readonly onAnswer: (asked: T, figures: readonly number[] | undefined, startMs: number) => void;
  /** The store answered and did not decide this one. */
  readonly onUndecided: (asked: T) => void;
}

/** What one call may ask: the store does nothing else meanwhile. */
const askedMax = 128;

/**
 * Reservations on their way to the store: those of one turn of the event loop are one call of the
 * script, for each server or slot they lie on. They share its fate: an answer that is lost is lost to all.
 */
export class RedisReserves<T extends Asked> {
  readonly #deps: RedisReservesDeps<T>;
  #waiting: T[] = [];

  constructor(deps: RedisReservesDeps<T>) {
    this.#deps = deps;
  }

  add(asked: T): void {
    if (this.#waiting.push(asked) === 1) this.#deps.link.gather(() => this.#sendAll());
  }

  #sendAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#deps.onSend();
    const [first] = waiting;
    if (first && waiting.every(({ part }) => part.leases === first.part.leases))
      this.#sendSlot(waiting);
    else
      for (const some of Map.groupBy(waiting, ({ part }) => part.leases).values())
        this.#sendSlot(some);
  }

  #sendSlot(asked: readonly T[]): void {
    for (let at = 0; at < asked.length; at += askedMax)
      void this.#send(asked.slice(at, at + askedMax));
  }

  async #send(asked: readonly T[]): Promise<void> {
    const { clock, link, script, onAnswer, onUndecided } = this.#deps;
    const startMs = clock.monotonicMs();
    const { keys, list } = callOf(asked);
    const answer = await link.run(script, keys, list);
    const figures = typeof answer === "string" ? new Answer(answer) : undefined;
    for (const one of asked) {
      const decided = figures?.next(one.part.at.length);
      if (figures && !decided) {
        if (figures.isLate) {
          void this.#send([one]);
          continue;
        }
        onUndecided(one);
      }
      onAnswer(one, decided, startMs);
    }
  }
}

/** Keys and arguments of the reserve script. Each plan is told once, however many calls are for it. */
export function callOf(asked: readonly Asked[]): { keys: KeyLists; list: readonly string[] } {
  const numbers = new Map<SharedPart, number>();
  const keys: (readonly string[])[] = [];
  let laws = "";
  let wants = "";
  for (const { part, text } of asked) {
    let number = numbers.get(part);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(part, number);
      if (number === 0) keys.push(part.head);
      keys.push(part.keys);
      laws += `${part.laws}\n`;
    }
    wants += `${number} ${text}\n`;
  }
  return { keys, list: [laws, wants] };
}

const undecided = 2;
/** A supervisor first has to read or write a budget: the call is asked again, by itself. */
const late = 3;

/** Reads the reserve script's answer, one reservation after another, without a string for a number. */
export class Answer {
  /** The one before was not decided, and would be if it were asked alone. */
  isLate = false;
  readonly #text: string;
  readonly #nowUs: number;
  readonly #replicas: number;
  readonly #figures: number[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#nowUs = this.#number();
    this.#replicas = this.#number();
  }

  /** Figures of the next one, which has `count` limiters; undefined: the store did not decide it. */
  next(count: number): readonly number[] | undefined {
    if (this.#at >= this.#text.length) return undefined;
    const admitted = this.#number();
    this.isLate = admitted === late;
    if (admitted === undecided || admitted === late) return undefined;
    const figures = this.#figures;
    figures.length = 0;
    figures.push(admitted, this.#nowUs, this.#number(), this.#number(), this.#replicas);
    while (figures.length < answerHead + count) figures.push(this.#number());
    return figures;
  }

  #number(): number {
    const text = this.#text;
    let at = this.#at;
    const isNegative = text.charCodeAt(at) === minus;
    if (isNegative) at++;
    let value = 0;
    for (; at < text.length; at++) {
      const digit = text.charCodeAt(at) - zero;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    this.#at = at + 1;
    return isNegative ? -value : value;
  }
}

const minus = 45;
const zero = 48;
