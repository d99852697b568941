import {
  type BreakerSettings,
  chanceTripsPerHour,
  type Replay,
  replayOutcomes,
} from "@loadline/kit/circuit-breaker";
import type { Random } from "@loadline/kit/random";
import { parseTrace } from "./trace.ts";

/** What a breaker of these settings would have done, and how much of it is chance. */
export interface BreakerSimulation extends Replay {
  readonly trips: number;
  readonly tripsPerHour: number;
  /** Trips an hour when as many calls failed at random, each by itself. */
  readonly chanceTripsPerHour: number;
}

const chanceCallsMax = 300_000;
const chanceCallsMin = 20_000;
const hourMs = 3_600_000;

/**
 * Replays the outcomes that `parseTrace` reads from `trace`, those of `target` where it tells of
 * several. Throws LL_BREAKER_TRACE.
 */
export function simulateBreaker(
  trace: string,
  o: { settings: BreakerSettings; random: Random; target?: string | undefined },
): BreakerSimulation {
  const outcomes = parseTrace(trace, o.target);
  const replay = replayOutcomes(outcomes, o);
  const trips = replay.transitions.filter(({ to }) => to === "open").length;
  const counted = replay.calls - replay.neutral;
  const hasRate = counted > 0 && replay.spanMs > 0;
  const load = {
    failureShare: replay.failures / counted,
    callsPerMinute: (counted * 60_000) / replay.spanMs,
    calls: Math.min(chanceCallsMax, Math.max(chanceCallsMin, counted * 10)),
  };
  return {
    ...replay,
    trips,
    tripsPerHour: hasRate ? (trips * hourMs) / replay.spanMs : 0,
    chanceTripsPerHour: hasRate && replay.failures > 0 ? chanceTripsPerHour(load, o) : 0,
  };
}
