import type { Breaker, BreakerDeps } from "@loadline/kit/circuit-breaker";

/** The controls a test may replace, to see that their absence is noticed. */
export interface Controls {
  /** Makes the breaker of one target. */
  readonly breaker: (deps: BreakerDeps) => Breaker;
}
