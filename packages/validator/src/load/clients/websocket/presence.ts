import type { Tell } from "./ledger.ts";

/** One arrival in a room: who must hear of it and who heard already. */
interface Arrival {
  joinedMs: number;
  /** Null until the newcomer was let in. */
  awaits: Set<number> | null;
  readonly heard: Map<number, number>;
}

/**
 * How long after a newcomer asked to join each member of the room hears of it. Servers name no
 * newcomer but count members: an arrival is known by the count it led to.
 */
export class Presence {
  readonly #tell: Tell;
  readonly #arrivals = new Map<string, Arrival>();

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** A newcomer was let in as the `members`-th; `others` were in the room before. */
  joined(room: string, members: number, of: { askedMs: number; others: Iterable<number> }): string {
    const key = `${room} ${members}`;
    const arrival = this.#at(key);
    arrival.joinedMs = of.askedMs;
    arrival.awaits = new Set(of.others);
    // What was heard before it asked was of somebody else.
    for (const [member, atMs] of arrival.heard) {
      if (atMs >= of.askedMs) this.#match(arrival, member, atMs);
    }
    arrival.heard.clear();
    return key;
  }

  /** A member was told that the room has so many members. */
  heard(room: string, members: number, of: { member: number; nowMs: number }): void {
    const arrival = this.#at(`${room} ${members}`);
    if (arrival.awaits === null) arrival.heard.set(of.member, of.nowMs);
    else this.#match(arrival, of.member, of.nowMs);
  }

  /** The time for hearing of an arrival is over. */
  close(key: string): void {
    const arrival = this.#arrivals.get(key);
    this.#arrivals.delete(key);
    for (const _ of arrival?.awaits ?? []) this.#tell("ws_presence", Number.NaN, true);
  }

  #match(arrival: Arrival, member: number, atMs: number): void {
    if (arrival.awaits?.delete(member) !== true) return;
    this.#tell("ws_presence", Math.max(0, atMs - arrival.joinedMs));
  }

  #at(key: string): Arrival {
    let arrival = this.#arrivals.get(key);
    if (arrival === undefined) {
      arrival = { joinedMs: 0, awaits: null, heard: new Map() };
      this.#arrivals.set(key, arrival);
    }
    return arrival;
  }
}
