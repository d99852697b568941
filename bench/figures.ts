/** What is told of many values; no number where one of them is none. */

/** The value in the middle, of two the greater. */
export function median(values: readonly number[]): number {
  return ascending(values)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Nearest rank; `q` within 0 and 1. */
export function quantile(values: readonly number[], q: number): number {
  const at = Math.min(values.length - 1, Math.ceil(q * values.length) - 1);
  return ascending(values)[at] ?? Number.NaN;
}

export const round = (value: number, digits = 1): number =>
  Math.round(value * 10 ** digits) / 10 ** digits;

const ascending = (values: readonly number[]): readonly number[] =>
  values.some((one) => Number.isNaN(one)) ? [] : values.toSorted((a, b) => a - b);
