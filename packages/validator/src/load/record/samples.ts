import type { Flight, LoadOutcome } from "../engine/flight.ts";

/** One request, kept whole: times in ms from its scenario's start, null when there is none. */
export interface SampleRow {
  readonly scenario: string;
  readonly step: number;
  readonly index: number;
  readonly intendedMs: number;
  readonly outcome: LoadOutcome;
  readonly status: number;
  readonly responseMs: number | null;
  readonly serviceMs: number | null;
  readonly ttftMs: number | null;
}

/** The slowest requests of one claim's part. */
export interface SlowestRows {
  readonly claim: string;
  readonly part: string;
  /** `[value, row]`, largest first. */
  readonly rows: readonly (readonly [number, SampleRow])[];
}

/** What a sender kept whole. */
export interface SenderSamples {
  readonly failures: readonly SampleRow[];
  /** Failures in all, kept or not. */
  readonly failuresSeen: number;
  readonly slowest: readonly SlowestRows[];
}

export const failuresMax = 10_000;
export const slowestMax = 100;

/** A request as it is kept; the flight is not. */
export function toRow(
  of: { scenario: string; startMs: number },
  flight: Flight,
  outcome: LoadOutcome,
): SampleRow {
  const gap = (fromMs: number, toMs: number): number | null =>
    Number.isNaN(toMs - fromMs) ? null : toMs - fromMs;
  return {
    scenario: of.scenario,
    step: flight.step,
    index: flight.index,
    intendedMs: flight.intendedMs - of.startMs,
    outcome,
    status: flight.status,
    responseMs: gap(flight.intendedMs, flight.doneMs),
    serviceMs: gap(flight.sendMs, flight.doneMs),
    ttftMs: gap(flight.sendMs, flight.firstContentMs),
  };
}

/** The largest values seen and their requests: a heap with the least of them on top. */
export class Slowest {
  readonly #heap: (readonly [number, SampleRow])[] = [];

  /** Whether a value would be kept: asked before a row is made of it. */
  wants(value: number): boolean {
    const least = this.#heap[0];
    return this.#heap.length < slowestMax || least === undefined || value > least[0];
  }

  add(value: number, row: SampleRow): void {
    const heap = this.#heap;
    if (heap.length < slowestMax) {
      heap.push([value, row]);
      this.#up(heap.length - 1);
      return;
    }
    heap[0] = [value, row];
    this.#down(0);
  }

  rows(): (readonly [number, SampleRow])[] {
    return this.#heap.toSorted((a, b) => b[0] - a[0]);
  }

  #up(from: number): void {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if (this.#value(parent) <= this.#value(at)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #down(from: number): void {
    for (let at = from; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#heap.length && this.#value(child) < this.#value(least)) least = child;
      }
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #value(at: number): number {
    return this.#heap[at]?.[0] ?? Number.POSITIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return;
    this.#heap[a] = other;
    this.#heap[b] = one;
  }
}

/** Samples of several senders as one, within the same bounds. */
export function mergeSamples(all: readonly SenderSamples[]): SenderSamples {
  const failures = all.flatMap((one) => one.failures);
  failures.sort((a, b) => a.intendedMs - b.intendedMs);
  const slowest = new Map<string, { claim: string; part: string; rows: SlowestRows["rows"] }>();
  for (const one of all.flatMap((samples) => samples.slowest)) {
    const key = `${one.claim}\n${one.part}`;
    const rows = [...(slowest.get(key)?.rows ?? []), ...one.rows].toSorted((a, b) => b[0] - a[0]);
    slowest.set(key, { claim: one.claim, part: one.part, rows: rows.slice(0, slowestMax) });
  }
  return {
    failures: failures.slice(0, failuresMax),
    failuresSeen: all.reduce((sum, one) => sum + one.failuresSeen, 0),
    slowest: [...slowest.values()],
  };
}

const shownFailures = 50;
const shownSlowest = 10;

/** The first failures and the slowest few of each limit, for a record of evidence. */
export function shortSamples(samples: SenderSamples): SenderSamples {
  return {
    failures: samples.failures.slice(0, shownFailures),
    failuresSeen: samples.failuresSeen,
    slowest: samples.slowest.map((one) => ({ ...one, rows: one.rows.slice(0, shownSlowest) })),
  };
}
