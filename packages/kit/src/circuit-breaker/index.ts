/**
 * A circuit breaker by failure rate with a minimum volume, as a decider without timers.
 *
 * ```ts
 * const breaker = new CircuitBreaker({ settings: breakerDefaults, random });
 * const lease = breaker.acquire(clock.monotonicMs());
 * if (lease !== noLease) breaker.record(lease, "success", clock.monotonicMs());
 * ```
 */
export {
  type Breaker,
  type BreakerDeps,
  type BreakerOutcome,
  type BreakerReason,
  breakerReasons,
  type BreakerState,
  breakerStates,
  type BreakerTransition,
  CircuitBreaker,
  noLease,
} from "./breaker.ts";
export { breakerDefaults, type BreakerSettings, reachOf } from "./settings.ts";
export {
  type ChanceLoad,
  chanceTripsPerHour,
  type RecordedOutcome,
  type Replay,
  replayOutcomes,
} from "./replay.ts";
