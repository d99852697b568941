/** 1-based rank of a quantile among n. */
export function rankOf(q: number, n: number): number {
  return Math.max(1, Math.ceil(q * n - 1e-9));
}

/** Microseconds to ms. */
export function toMs(us: number): number {
  return Math.round(us) / 1000;
}
