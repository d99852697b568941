import { describe, expect, it } from "vitest";
import { seededRandom } from "../random/index.ts";
import {
  breakerDefaults,
  type BreakerOutcome,
  chanceTripsPerHour,
  CircuitBreaker,
  noLease,
  replayOutcomes,
} from "./index.ts";

const settings = breakerDefaults;

describe("trips by chance", () => {
  it.each([
    [0.03, 10, 0.16, 0.1],
    [0.03, 100, 0.17, 0.12],
    [0.03, 1000, 0, 0.02],
    [0.05, 10, 1.2, 0.3],
    [0.05, 100, 4.3, 1],
    [0.05, 1000, 0, 0.02],
    [0.09, 10, 6.8, 1],
    [0.09, 100, 53, 8],
    [0.09, 1000, 79, 16],
    [0.09, 10_000, 0, 1],
  ])(
    "random errors of %f at %i calls a minute open about %f times an hour",
    (failureShare, callsPerMinute, expected, tolerance) => {
      const calls = 600_000;
      const load = { failureShare, callsPerMinute, calls };
      const perHour = chanceTripsPerHour(load, { settings, random: seededRandom(11) });
      expect(Math.abs(perHour - expected)).toBeLessThanOrEqual(tolerance);
    },
  );
});

describe("replay", () => {
  it("makes the transitions that a live breaker makes over the same outcomes", () => {
    const draw = seededRandom(3);
    const trace = Array.from({ length: 5000 }, (_, i) => {
      const isBad = i > 1000 && i < 1600;
      const outcome: BreakerOutcome = draw.unit() < (isBad ? 0.7 : 0.02) ? "failure" : "success";
      return { atMs: i * 100, outcome };
    });
    const live: unknown[] = [];
    const breaker = new CircuitBreaker({
      settings,
      random: seededRandom(9),
      onTransition: (transition) => void live.push(transition),
    });
    let refused = 0;
    for (const { atMs, outcome } of trace) {
      const lease = breaker.acquire(atMs);
      if (lease === noLease) refused++;
      else breaker.record(lease, outcome, atMs);
    }
    const replay = replayOutcomes(trace, { settings, random: seededRandom(9) });
    expect(replay.transitions).toEqual(live);
    expect(replay).toMatchObject({ calls: 5000, refused, spanMs: 499_900 });
    expect(replay.transitions[0]).toMatchObject({ to: "open" });
    expect(replay.transitions.at(-1)).toMatchObject({ to: "closed", reason: "passed" });
  });

  it("an empty recording has no span and no transitions", () => {
    const replay = replayOutcomes([], { settings, random: seededRandom(1) });
    expect(replay).toMatchObject({ calls: 0, spanMs: 0, transitions: [] });
  });
});
