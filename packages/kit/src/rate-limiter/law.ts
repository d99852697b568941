/**
 * How much may pass: `limit` per `periodUs`, at most `burst` at once. All times are integer
 * microseconds. The state of one limiter is one number, its theoretical arrival time (TAT).
 */
export interface Law {
  readonly limit: number;
  readonly periodUs: number;
  readonly burst: number;
  /** Time that one unit takes, rounded up; exact only for counted laws. */
  readonly emissionUs: number;
  /** How far the TAT may lie ahead of now. */
  readonly capacityUs: number;
  /** Each unit costs the same whole number of microseconds, as requests do. */
  readonly isCounted: boolean;
}

export interface LawOptions {
  readonly limit: number;
  readonly periodUs: number;
  readonly burst: number;
  /** True for requests; false for tokens, of which many pass at once. */
  readonly isCounted: boolean;
}

const usMax = 2 ** 50;

/**
 * Compiles a law; a RangeError for figures that integers of microseconds cannot hold. The time of
 * one unit is rounded up, so `burst + limit * t / period` is never exceeded.
 */
export function lawOf(o: LawOptions): Law {
  const { limit, periodUs, burst, isCounted } = o;
  for (const value of [limit, periodUs, burst]) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RangeError(`a law needs positive integers, not ${value}`);
  }
  const emissionUs = Math.ceil(periodUs / limit);
  const capacityUs = isCounted ? burst * emissionUs : Math.ceil((burst * periodUs) / limit);
  if (capacityUs > usMax) throw new RangeError(`a burst of ${burst} takes too long to refill`);
  return { limit, periodUs, burst, emissionUs, capacityUs, isCounted };
}

/** Microseconds that `amount` units take. */
export function costUs(law: Law, amount: number): number {
  if (law.isCounted) return amount * law.emissionUs;
  return Math.ceil((amount * law.periodUs) / law.limit);
}

/** 0 when a cost may pass now; else the microseconds after which it may, if nothing else passes. */
export function waitUs(law: Law, tatUs: number, nowUs: number, costOfUs: number): number {
  const level = tatUs > nowUs ? tatUs - nowUs : 0;
  const over = level + costOfUs - law.capacityUs;
  return over > 0 ? over : 0;
}

/** The TAT after a cost has passed. */
export function takenUs(tatUs: number, nowUs: number, costOfUs: number): number {
  return (tatUs > nowUs ? tatUs : nowUs) + costOfUs;
}

/**
 * The TAT after `refundUs` of a cost were given back. `reservedTatUs` is the TAT right after that
 * cost was taken: what has drained of it since is not given back a second time.
 */
export function refundedUs(
  tatUs: number,
  nowUs: number,
  o: { reservedTatUs: number; refundUs: number },
): number {
  const undrained = o.reservedTatUs - nowUs;
  if (undrained <= 0) return tatUs;
  return tatUs - Math.min(o.refundUs, undrained);
}

/** Whole units that may pass now. */
export function remainingOf(law: Law, tatUs: number, nowUs: number): number {
  const level = tatUs > nowUs ? tatUs - nowUs : 0;
  const free = law.capacityUs - level;
  if (free <= 0) return 0;
  return Math.floor(law.isCounted ? free / law.emissionUs : (free * law.limit) / law.periodUs);
}
