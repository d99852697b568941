import { type BreakerSettings, reachOf } from "./settings.ts";

const capacityAtFirst = 64;
/** Above this the window holds the newest outcomes only: 65,536 a minute are 1,092 a second. */
export const windowOutcomesMax = 65_536;

/**
 * The outcomes that count: those of `windowMs`, or the last `reachOf(settings)` when they are fewer,
 * none older than `oldestMs`. Two typed arrays as a ring; they double up to `windowOutcomesMax`.
 */
export class OutcomeWindow {
  readonly #windowMs: number;
  readonly #oldestMs: number;
  readonly #reach: number;
  readonly #fastOf: number;
  #atMs = new Float64Array(capacityAtFirst);
  #isFailure = new Uint8Array(capacityAtFirst);
  /** Outcomes ever added and ever dropped since the last `clear`: ring positions modulo capacity. */
  #added = 0;
  #dropped = 0;
  #failures = 0;
  #lastFailures = 0;

  constructor(settings: BreakerSettings) {
    this.#windowMs = settings.windowMs;
    this.#oldestMs = settings.oldestMs;
    this.#reach = reachOf(settings);
    this.#fastOf = Math.min(settings.fastOf, capacityAtFirst);
  }

  get size(): number {
    return this.#added - this.#dropped;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Failures among the last `fastOf` outcomes, older than the window or not. */
  get lastFailures(): number {
    return this.#lastFailures;
  }

  /** Adds one outcome; times never go backwards. */
  add(isFailure: boolean, nowMs: number): void {
    if (this.size === this.#atMs.length) this.#makeRoom();
    const mask = this.#atMs.length - 1;
    const leaving = this.#added - this.#fastOf;
    if (leaving >= 0) this.#lastFailures -= this.#isFailure[leaving & mask] ?? 0;
    const bit = isFailure ? 1 : 0;
    this.#atMs[this.#added & mask] = nowMs;
    this.#isFailure[this.#added & mask] = bit;
    this.#added++;
    this.#failures += bit;
    this.#lastFailures += bit;
    this.expire(nowMs);
  }

  /** Lets go of what no longer counts at `nowMs`. */
  expire(nowMs: number): void {
    const mask = this.#atMs.length - 1;
    while (this.size > 0) {
      const ageMs = nowMs - (this.#atMs[this.#dropped & mask] ?? 0);
      const counts =
        ageMs < this.#windowMs || (this.size <= this.#reach && ageMs <= this.#oldestMs);
      if (counts) return;
      this.#dropFirst(mask);
    }
  }

  clear(): void {
    this.#added = 0;
    this.#dropped = 0;
    this.#failures = 0;
    this.#lastFailures = 0;
  }

  #dropFirst(mask: number): void {
    this.#failures -= this.#isFailure[this.#dropped & mask] ?? 0;
    this.#dropped++;
  }

  #makeRoom(): void {
    const capacity = this.#atMs.length;
    if (capacity >= windowOutcomesMax) {
      this.#dropFirst(capacity - 1);
      return;
    }
    const atMs = new Float64Array(capacity * 2);
    const isFailure = new Uint8Array(capacity * 2);
    for (let i = this.#dropped; i < this.#added; i++) {
      atMs[i & (capacity * 2 - 1)] = this.#atMs[i & (capacity - 1)] ?? 0;
      isFailure[i & (capacity * 2 - 1)] = this.#isFailure[i & (capacity - 1)] ?? 0;
    }
    this.#atMs = atMs;
    this.#isFailure = isFailure;
  }
}
