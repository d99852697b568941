/**
 * Rate limiting as one number per limiter (GCRA, the generic cell rate algorithm), in integers of
 * microseconds, without a store and without a clock: whoever keeps the number gives both.
 *
 * ```ts
 * const law = lawOf({ limit: 100, periodUs: 60_000_000, burst: 20, isCounted: true });
 * const wait = waitUs(law, tatUs, nowUs, costUs(law, 1));
 * if (wait === 0) tatUs = takenUs(tatUs, nowUs, costUs(law, 1));
 * ```
 */
export {
  costUs,
  type Law,
  type LawOptions,
  lawOf,
  refundedUs,
  remainingOf,
  takenUs,
  waitUs,
} from "./law.ts";
