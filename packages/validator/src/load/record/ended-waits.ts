/** Classes per doubling: each is 9 % wide. */
const perOctave = 8;
/** Up to 2^24 ms, 4.6 hours. */
const octaves = 24;

/** How many counters `EndedWaits` needs. */
export const waitClasses = octaves * perOctave + 1;

/**
 * Which timeouts ended requests, on memory of an arena: counts of classes, so that adding arenas is
 * adding what was counted.
 */
export class EndedWaits {
  readonly #counts: Float64Array;

  constructor(counts: Float64Array) {
    this.#counts = counts;
  }

  /** A timeout in ms; one that is not known counts as the shortest there is. */
  add(timeoutMs: number): void {
    const at = Math.floor(Math.log2(timeoutMs) * perOctave);
    const place = at > 0 ? Math.min(at, waitClasses - 1) : 0;
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
  }

  /** The shortest of them in ms, told up to 9 % too short; null when none ended anything. */
  get shortestMs(): number | null {
    const at = this.#counts.findIndex((count) => count > 0);
    return at === -1 ? null : 2 ** (at / perOctave);
  }
}
