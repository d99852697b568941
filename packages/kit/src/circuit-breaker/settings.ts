/** When a breaker opens, how long it stays open and what closes it again. All times in ms. */
export interface BreakerSettings {
  /** Share of failures, 0-1, that must be exceeded. */
  readonly rate: number;
  /** Outcomes in the window below which the rate says nothing. */
  readonly minVolume: number;
  /** Failures in the window below which the rate says nothing. */
  readonly minFailures: number;
  /** Outcomes of this long count; fewer than `reachOf(settings)` reach further back. */
  readonly windowMs: number;
  /** No outcome older than this counts. */
  readonly oldestMs: number;
  /** This many failures within the last `fastOf` open at once. */
  readonly fastFailures: number;
  /** At most 64. */
  readonly fastOf: number;
  /** First stay in OPEN; doubles per failed half-open up to `openForMaxMs`. */
  readonly openForMs: number;
  readonly openForMaxMs: number;
  /** Each stay is drawn from +- this share around its length, 0-1. */
  readonly jitter: number;
  /** Permits of HALF_OPEN and the successes that close. */
  readonly halfOpenPermits: number;
  /** A permit of HALF_OPEN not ended by then is given to another. */
  readonly leaseMs: number;
  /** The stay begins with `openForMs` again after this long CLOSED. */
  readonly resetAfterMs: number;
  /** Two failed probes at least this far apart open when there was no success for `probePeriodMs`. */
  readonly probeGapMs: number;
  readonly probePeriodMs: number;
}

/** Figures measured against chance trips; see the simulation beside this file. */
export const breakerDefaults: BreakerSettings = {
  rate: 0.1,
  minVolume: 20,
  minFailures: 5,
  windowMs: 60_000,
  oldestMs: 900_000,
  fastFailures: 15,
  fastOf: 20,
  openForMs: 5000,
  openForMaxMs: 60_000,
  jitter: 0.2,
  halfOpenPermits: 3,
  leaseMs: 30_000,
  resetAfterMs: 300_000,
  probeGapMs: 100,
  probePeriodMs: 5000,
};

/** Outcomes the window reaches back to however old they are, up to `oldestMs`. */
export function reachOf(settings: BreakerSettings): number {
  return Math.max(settings.minVolume, Math.ceil(settings.minFailures / settings.rate));
}
