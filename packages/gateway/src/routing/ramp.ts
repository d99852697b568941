const shares = [0.1, 0.25, 0.5] as const;
const stepMs = 10_000;
const rampMs = shares.length * stepMs;

/** A target's way back after its breaker closed: 10, 25, 50, then 100 % of its share, 10 s each. */
export class Ramp {
  #startMs = Number.NEGATIVE_INFINITY;
  #credit = 0;

  start(nowMs: number): void {
    this.#startMs = nowMs;
    this.#credit = 0;
  }

  /** 0-1. */
  share(nowMs: number): number {
    const elapsedMs = nowMs - this.#startMs;
    return elapsedMs >= rampMs ? 1 : (shares[Math.max(0, Math.floor(elapsedMs / stepMs))] ?? 1);
  }

  /** Whether the target may be considered for this request; `spend` follows when it is chosen. */
  admits(nowMs: number): boolean {
    const share = this.share(nowMs);
    if (share >= 1) return true;
    this.#credit = Math.min(1, this.#credit + share);
    return this.#credit >= 1 - 1e-9;
  }

  spend(): void {
    this.#credit = Math.max(0, this.#credit - 1);
  }
}
