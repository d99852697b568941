const decayMs = 10_000;

/** Time to the first content: a higher sample replaces at once, lower ones blend in over 10 s. */
export class PeakEwma {
  #valueMs = 0;
  #atMs = 0;

  get hasSample(): boolean {
    return this.#atMs > 0;
  }

  observe(sampleMs: number, nowMs: number): void {
    const keep = Math.exp(-(nowMs - this.#atMs) / decayMs);
    const blendedMs = this.#valueMs * keep + sampleMs * (1 - keep);
    this.#valueMs = this.hasSample && sampleMs < this.#valueMs ? blendedMs : sampleMs;
    this.#atMs = Math.max(nowMs, Number.MIN_VALUE);
  }

  /** Fades without samples, so that a target once slow is tried again. */
  valueMs(nowMs: number): number {
    return this.#valueMs * Math.exp(-(nowMs - this.#atMs) / decayMs);
  }
}
