const minuteMs = 60_000;
const minutes = 5;
const bucketsPerDoubling = 8;
const buckets = 160;
const refreshMs = 1000;

/** Times to the first content of five minutes, in buckets 9 % wide, for their p95. */
export class TtftWindow {
  readonly #counts = new Uint32Array(minutes * buckets);
  #minute = 0;
  #p95Ms = 0;
  #freshUntilMs = 0;

  observe(ms: number, nowMs: number): void {
    this.#turn(nowMs);
    const bucket = Math.floor(Math.log2(Math.max(1, ms)) * bucketsPerDoubling);
    const at = (this.#minute % minutes) * buckets + Math.min(bucket, buckets - 1);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  /** Upper edge of the bucket of the p95, at most a second old; 0 without samples. */
  p95Ms(nowMs: number): number {
    if (nowMs < this.#freshUntilMs) return this.#p95Ms;
    this.#turn(nowMs);
    this.#freshUntilMs = nowMs + refreshMs;
    this.#p95Ms = this.#percentile(0.95);
    return this.#p95Ms;
  }

  #percentile(q: number): number {
    let total = 0;
    for (const count of this.#counts) total += count;
    let left = Math.ceil(total * q);
    if (left === 0) return 0;
    for (let bucket = 0; bucket < buckets; bucket++) {
      for (let m = 0; m < minutes; m++) left -= this.#counts[m * buckets + bucket] ?? 0;
      if (left <= 0) return 2 ** ((bucket + 1) / bucketsPerDoubling);
    }
    return 0;
  }

  /** Empties the minutes that have passed since the last call. */
  #turn(nowMs: number): void {
    const minute = Math.floor(nowMs / minuteMs);
    const passed = Math.min(minutes, minute - this.#minute);
    for (let i = 1; i <= passed; i++) {
      const at = ((this.#minute + i) % minutes) * buckets;
      this.#counts.fill(0, at, at + buckets);
    }
    this.#minute = Math.max(this.#minute, minute);
  }
}
