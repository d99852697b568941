/** Bounds retries at one target: a share of its requests and a few a second, saved up to a bound. */
export class RetryBudget {
  readonly #share: number;
  readonly #perSecond: number;
  readonly #savedMax: number;
  #saved: number;
  #atMs = 0;

  constructor(o: { share: number; perSecond: number }) {
    this.#share = o.share;
    this.#perSecond = o.perSecond;
    this.#savedMax = 10 + o.perSecond;
    this.#saved = o.perSecond;
  }

  /** A request reached the target. */
  credit(): void {
    this.#saved = Math.min(this.#savedMax, this.#saved + this.#share);
  }

  /** Takes one retry; false when the budget is spent. */
  take(nowMs: number): boolean {
    const elapsedMs = Math.max(0, nowMs - this.#atMs);
    this.#saved = Math.min(this.#savedMax, this.#saved + (elapsedMs / 1000) * this.#perSecond);
    this.#atMs = nowMs;
    // The epsilon keeps ten tenths from being less than one.
    if (this.#saved < 1 - 1e-9) return false;
    this.#saved -= 1;
    return true;
  }
}
