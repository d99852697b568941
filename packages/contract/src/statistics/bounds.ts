import { binomialAtLeast, binomialAtMost } from "./binomial.ts";

/** Solves `holds(p)` true below, false above, to relative 1e-12. */
function boundary(holds: (p: number) => boolean): number {
  let low = 0;
  let high = 1;
  for (let i = 0; i < 200 && high - low > 1e-13 * high; i++) {
    const middle = low > 0 && high / low > 4 ? Math.sqrt(low * high) : (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** One-sided upper bound of the bad ratio for k bad of n at confidence c; 1 when k = n. */
export function upperBound(k: number, n: number, c: number): number {
  if (n <= 0 || k >= n) return 1;
  return boundary((p) => binomialAtMost(k, n, p) > 1 - c);
}

/** One-sided lower bound of the bad ratio for k bad of n at confidence c; 0 when k = 0. */
export function lowerBound(k: number, n: number, c: number): number {
  if (n <= 0 || k <= 0) return 0;
  return boundary((p) => binomialAtLeast(k, n, p) < 1 - c);
}

/** Two-sided 95 % Wilson interval of k of n; for display and lint, never for a decision. */
export function wilson(k: number, n: number, z = 1.959964): { lower: number; upper: number } {
  if (n <= 0) return { lower: 0, upper: 1 };
  const p = k / n;
  const square = z * z;
  const centre = (p + square / (2 * n)) / (1 + square / n);
  const half = (z / (1 + square / n)) * Math.sqrt((p * (1 - p)) / n + square / (4 * n * n));
  return { lower: Math.max(0, centre - half), upper: Math.min(1, centre + half) };
}
