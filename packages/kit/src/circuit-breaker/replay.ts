import type { Random } from "../random/index.ts";
import { type BreakerOutcome, type BreakerTransition, CircuitBreaker, noLease } from "./breaker.ts";
import { type BreakerSettings, reachOf } from "./settings.ts";

/** How one call ended, and when. */
export interface RecordedOutcome {
  /** ms from any origin; never smaller than the one before. */
  readonly atMs: number;
  readonly outcome: BreakerOutcome;
}

export interface Replay {
  readonly transitions: readonly BreakerTransition[];
  readonly calls: number;
  readonly failures: number;
  readonly neutral: number;
  /** Calls of the recording that the breaker would not have admitted. */
  readonly refused: number;
  /** From the first outcome to the last. */
  readonly spanMs: number;
}

/** What a fresh breaker would have done with recorded outcomes. `random` draws its open times. */
export function replayOutcomes(
  outcomes: Iterable<RecordedOutcome>,
  o: { settings: BreakerSettings; random: Random },
): Replay {
  const transitions: BreakerTransition[] = [];
  const onTransition = (transition: BreakerTransition): void => void transitions.push(transition);
  const breaker = new CircuitBreaker({ ...o, onTransition });
  const counts = { calls: 0, failures: 0, neutral: 0, refused: 0 };
  let firstMs = Number.NaN;
  let lastMs = Number.NaN;
  for (const { atMs, outcome } of outcomes) {
    if (counts.calls++ === 0) firstMs = atMs;
    lastMs = atMs;
    if (outcome === "failure") counts.failures++;
    if (outcome === "neutral") counts.neutral++;
    const lease = breaker.acquire(atMs);
    if (lease === noLease) counts.refused++;
    else breaker.record(lease, outcome, atMs);
  }
  return { ...counts, transitions, spanMs: counts.calls === 0 ? 0 : lastMs - firstMs };
}

export interface ChanceLoad {
  /** Share of calls that fail by chance alone, 0-1. */
  readonly failureShare: number;
  readonly callsPerMinute: number;
  /** Calls to simulate. */
  readonly calls: number;
}

/**
 * Trips per hour when each call fails independently: calls at random times, a window of good ones
 * to begin with, closed again at once after each trip. What a recording has above it is no chance.
 */
export function chanceTripsPerHour(
  load: ChanceLoad,
  o: { settings: BreakerSettings; random: Random },
): number {
  const { settings, random } = o;
  const breaker = new CircuitBreaker({ settings, random });
  const gapMs = 60_000 / load.callsPerMinute;
  const warmup = Math.max(
    reachOf(settings),
    Math.ceil((load.callsPerMinute * settings.windowMs) / 6e4),
  );
  let nowMs = 0;
  for (let i = 0; i < warmup; i++)
    breaker.record(breaker.acquire((nowMs += gapMs)), "success", nowMs);
  const startMs = nowMs;
  let trips = 0;
  for (let i = 0; i < load.calls; i++) {
    nowMs -= Math.log(1 - random.unit()) * gapMs;
    const outcome = random.unit() < load.failureShare ? "failure" : "success";
    breaker.record(breaker.acquire(nowMs), outcome, nowMs);
    if (breaker.stateAt(nowMs) === "closed") continue;
    trips++;
    breaker.force(undefined, nowMs);
  }
  return nowMs > startMs ? (trips * 3_600_000) / (nowMs - startMs) : 0;
}
