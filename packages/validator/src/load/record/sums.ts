import type { LimitFigures } from "../types.ts";

/** Least value, sum and sums per slice of one limit's valid values, in ms. */
export class LimitSums {
  #values = 0;
  #sumMs = 0;
  #minMs = Number.POSITIVE_INFINITY;
  readonly #sums: [number, number][] = [];

  add(valueMs: number, slice: number): void {
    this.#values++;
    this.#sumMs += valueMs;
    if (valueMs < this.#minMs) this.#minMs = valueMs;
    while (this.#sums.length <= slice) this.#sums.push([0, 0]);
    const at = this.#sums[slice];
    if (at === undefined) return;
    at[0]++;
    at[1] += valueMs;
  }

  figures(): NonNullable<LimitFigures["figures"]> {
    return {
      values: this.#values,
      sumMs: this.#sumMs,
      minMs: this.#values === 0 ? null : this.#minMs,
      sums: this.#sums,
    };
  }
}
