import type { LoadOutcome } from "../engine/flight.ts";

/**
 * Why a request counts against a limit: its bad outcome, or the value of a good one. An iteration
 * counts as `iteration` for any of its requests.
 */
export type BadReason =
  | Exclude<LoadOutcome, "ok">
  | "over_limit"
  | "missing_metric"
  | "under_limit"
  | "answered"
  | "iteration";

const positions: Readonly<Record<BadReason, number>> = {
  status_429: 0,
  status_4xx: 1,
  status_503: 2,
  status_5xx: 3,
  check: 4,
  script: 5,
  dns: 6,
  connect: 7,
  connect_timeout: 8,
  tls: 9,
  stale_connection: 10,
  reset: 11,
  timeout_first_byte: 12,
  timeout_idle: 13,
  timeout_total: 14,
  protocol: 15,
  stream_error: 16,
  stream_truncated: 17,
  generator: 18,
  dropped: 19,
  unfinished: 20,
  cancelled: 21,
  over_limit: 22,
  missing_metric: 23,
  under_limit: 24,
  answered: 25,
  iteration: 26,
};
const names = Object.keys(positions);

/** Every way a request may be bad. */
export const badReasons: readonly string[] = names;

export function isBadReason(text: string): boolean {
  return Object.hasOwn(positions, text);
}

/** How many counters `BadCounts` needs. */
export const reasonCount = names.length;

/** Counts by reason on memory of an arena. */
export class BadCounts {
  readonly #counts: Float64Array;

  constructor(counts: Float64Array) {
    this.#counts = counts;
  }

  add(reason: BadReason): void {
    const at = positions[reason];
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  get(reason: BadReason): number {
    return this.#counts[positions[reason]] ?? 0;
  }

  total(): number {
    let total = 0;
    for (const count of this.#counts) total += count;
    return total;
  }

  /** Only what was seen. */
  toObject(): Record<string, number> {
    const seen: Record<string, number> = {};
    names.forEach((name, at) => {
      const count = this.#counts[at] ?? 0;
      if (count > 0) seen[name] = count;
    });
    return seen;
  }
}
