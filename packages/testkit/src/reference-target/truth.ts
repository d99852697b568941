import type { Truth } from "./ledger.ts";

/** Service times in ms that the target saw of answered requests, in ascending order. */
export function serviceTimes({ arrivedMs, doneMs }: Truth): number[] {
  return timesSince(arrivedMs, doneMs);
}

/** Times in ms that the target saw from a request to its first streamed chunk, in ascending order. */
export function firstChunkTimes({ arrivedMs, firstMs }: Truth): number[] {
  return timesSince(arrivedMs, firstMs);
}

function timesSince(arrivedMs: readonly number[], untilMs: readonly (number | null)[]): number[] {
  const times: number[] = [];
  arrivedMs.forEach((arrived, i) => {
    const until = untilMs[i];
    if (typeof until === "number") times.push(until - arrived);
  });
  return times.toSorted((a, b) => a - b);
}

/**
 * How long requests intended at these times wait for the target at least, by the stalls it
 * recorded: until the end of the stall they fall into, else 0. Ascending. What a client lacks in
 * connections changes nothing about it: the user waited.
 */
export function stallWaits(stalls: Truth["stalls"], intendedMs: readonly number[]): number[] {
  const waits = intendedMs.map((at) => {
    const stall = stalls.find(([from, until]) => at >= from && at < until);
    return stall === undefined ? 0 : stall[1] - at;
  });
  return waits.toSorted((a, b) => a - b);
}

/** The value of rank ceil(q n) of an ascending list, NaN of an empty one; q in 0..1. */
export function rankValue(ascending: readonly number[], q: number): number {
  return ascending[Math.max(1, Math.ceil(q * ascending.length)) - 1] ?? Number.NaN;
}
