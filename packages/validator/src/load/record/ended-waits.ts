/** Classes per doubling: each is 9 % wide. */
const perOctave = 8;
/** Up to 2^24 ms, 4.6 hours. */
const octaves = 24;

const lastAt = octaves * perOctave;
/** Ended by a timeout nobody told the length of. */
const untoldAt = lastAt + 1;

/** How many counters `EndedWaits` needs. */
export const waitClasses = untoldAt + 1;

/**
 * Which timeouts ended requests, on memory of an arena: counts of classes, so that adding arenas is
 * adding what was counted.
 */
export class EndedWaits {
  readonly #counts: Float64Array;

  constructor(counts: Float64Array) {
    this.#counts = counts;
  }

  /** A timeout in ms; NaN, which nobody told the length of, is no wait: it is counted apart. */
  add(timeoutMs: number): void {
    const place = Number.isNaN(timeoutMs) ? untoldAt : placeOf(timeoutMs);
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
  }

  /** How many ended by a timeout of unknown length. */
  get untold(): number {
    return this.#counts[untoldAt] ?? 0;
  }

  /** The shortest of them in ms, told up to 9 % too short; null when none of known length ended anything. */
  get shortestMs(): number | null {
    const at = this.#counts.findIndex((count) => count > 0);
    return at === -1 || at === untoldAt ? null : 2 ** (at / perOctave);
  }
}

function placeOf(timeoutMs: number): number {
  const at = Math.floor(Math.log2(timeoutMs) * perOctave);
  return at > 0 ? Math.min(at, lastAt) : 0;
}
