/** A limiter of requests as its target declares it. */
export interface DeclaredLimiter {
  /**
   * `token_bucket`: refills evenly, holds `burst` at most. `fixed_window`: counts anew each period of
   * the wall clock. `sliding_window`: counts the requests it let through in the last period.
   */
  readonly kind: "token_bucket" | "fixed_window" | "sliding_window";
  /** Requests per period. */
  readonly limit: number;
  readonly periodMs: number;
  /** Of a token bucket: most at once, default the limit. */
  readonly burst?: number | undefined;
}

/** Requests a limiter lets through, by the phase of its windows. */
export interface Admitted {
  readonly least: number;
  readonly most: number;
}

/** Where in its period a fixed window may begin; the target's clock is not ours. */
const phases = 64;

/** Requests per second that a limiter lets through in the long run. */
export function perSecond({ limit, periodMs }: DeclaredLimiter): number {
  return (limit * 1_000) / periodMs;
}

/** How many of requests at these ms, ascending, an ideal limiter that begins full lets through. */
export function admittedBy(limiter: DeclaredLimiter, atMs: readonly number[]): Admitted {
  if (limiter.kind === "fixed_window") {
    const all = Array.from({ length: phases }, (_, phase) =>
      inWindows(limiter, atMs, (limiter.periodMs * phase) / phases),
    );
    return { least: Math.min(...all), most: Math.max(...all) };
  }
  const n = limiter.kind === "token_bucket" ? inBucket(limiter, atMs) : inSliding(limiter, atMs);
  return { least: n, most: n };
}

/** Rounding of times must not cost a token. */
const slack = 1e-6;

function inBucket(limiter: DeclaredLimiter, atMs: readonly number[]): number {
  const { limit, periodMs, burst = limit } = limiter;
  let tokens = burst;
  let lastMs = atMs[0] ?? 0;
  let admitted = 0;
  for (const ms of atMs) {
    tokens = Math.min(burst, tokens + ((ms - lastMs) * limit) / periodMs);
    lastMs = ms;
    if (tokens < 1 - slack) continue;
    tokens -= 1;
    admitted++;
  }
  return admitted;
}

function inWindows(limiter: DeclaredLimiter, atMs: readonly number[], phaseMs: number): number {
  let window = -1;
  let used = 0;
  let admitted = 0;
  for (const ms of atMs) {
    const own = Math.floor((ms + phaseMs) / limiter.periodMs);
    if (own !== window) used = 0;
    window = own;
    if (used >= limiter.limit) continue;
    used++;
    admitted++;
  }
  return admitted;
}

function inSliding(limiter: DeclaredLimiter, atMs: readonly number[]): number {
  const kept: number[] = [];
  let oldest = 0;
  for (const ms of atMs) {
    while (oldest < kept.length && (kept[oldest] ?? 0) <= ms - limiter.periodMs + slack) oldest++;
    if (kept.length - oldest < limiter.limit) kept.push(ms);
  }
  return kept.length;
}
