const windowMs = 60_000;
const firstMs = 100;
const mostMs = 10_000;
/** More ends than this within a minute: the gateway is degraded. */
const endsMax = 5;

/** When workers ended unasked, within the last minute; decides how long the next one waits. */
export class Restarts {
  #ends: number[] = [];
  #total = 0;

  /** Workers replaced since the start. */
  get total(): number {
    return this.#total;
  }

  /** Notes an end; ms until a new worker may start, 100 ms doubling up to 10 s. */
  ended(nowMs: number): number {
    this.#total++;
    this.#forget(nowMs);
    this.#ends.push(nowMs);
    return Math.min(mostMs, firstMs * 2 ** (this.#ends.length - 1));
  }

  /** More than five ended within a minute. */
  isDegraded(nowMs: number): boolean {
    this.#forget(nowMs);
    return this.#ends.length > endsMax;
  }

  #forget(nowMs: number): void {
    this.#ends = this.#ends.filter((atMs) => nowMs - atMs < windowMs);
  }
}
