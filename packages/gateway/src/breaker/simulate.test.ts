import { breakerDefaults, CircuitBreaker, noLease } from "@loadline/kit/circuit-breaker";
import { seededRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import type { AttemptOutcome } from "../routing/attempts.ts";
import { createWorld, routeOf, targetsOf } from "../routing/world.fixture.ts";
import { simulateBreaker } from "./simulate.ts";

const settings = breakerDefaults;

interface Entry {
  readonly t: number;
  readonly outcome: AttemptOutcome;
}

function recording(): Entry[] {
  const draw = seededRandom(21);
  return Array.from({ length: 6000 }, (_, i) => {
    const isBad = i % 2000 > 1200 && i % 2000 < 1500;
    const roll = draw.unit();
    const bad: AttemptOutcome = roll < 0.4 ? "server" : "stream_cut";
    const good: AttemptOutcome = roll < 0.02 ? "left" : "ok";
    return { t: i * 50, outcome: isBad && roll < 0.8 ? bad : good };
  });
}

const linesOf = (entries: readonly Entry[]): string =>
  entries.map((entry) => JSON.stringify(entry)).join("\n");

describe("a recording", () => {
  it("gives the transitions that a running gateway's breaker makes over the same outcomes [R0-15]", () => {
    const live: unknown[] = [];
    const random = seededRandom(9);
    const w = createWorld(
      { targets: targetsOf("a"), routes: routeOf([{ targets: "a" }]) },
      {
        controls: {
          breaker: (deps) =>
            new CircuitBreaker({
              ...deps,
              random,
              onTransition(transition) {
                live.push(transition);
                deps.onTransition?.(transition);
              },
            }),
        },
      },
    );
    const startMs = w.clock.monotonicMs();
    let nowMs = 0;
    let refused = 0;
    for (const { t, outcome } of recording()) {
      w.clock.advance(t - nowMs);
      nowMs = t;
      const next = w.plan().next();
      if (next.kind === "attempt") next.permit.end(outcome);
      else refused++;
    }
    const moved = recording().map((entry) => ({ ...entry, t: entry.t + startMs }));
    const simulated = simulateBreaker(linesOf(moved), { settings, random: seededRandom(9) });
    expect(simulated.transitions).toEqual(live);
    expect(simulated.refused).toBe(refused);
    expect(simulated.trips).toBeGreaterThan(2);
  });

  it("without failures never opens, now or by chance", () => {
    const lines = linesOf(Array.from({ length: 500 }, (_, t) => ({ t: t * 10, outcome: "ok" })));
    expect(simulateBreaker(lines, { settings, random: seededRandom(1) })).toMatchObject({
      calls: 500,
      trips: 0,
      chanceTripsPerHour: 0,
    });
  });

  it("with evenly spread failures below the rate never opens, though chance would", () => {
    const lines = linesOf(
      Array.from({ length: 6000 }, (_, i) => ({
        t: i * 600,
        outcome: i % 11 === 10 ? "server" : "ok",
      })),
    );
    const result = simulateBreaker(lines, { settings, random: seededRandom(1) });
    expect(result.trips).toBe(0);
    expect(result.chanceTripsPerHour).toBeGreaterThan(20);
  });
});

it("no lease is ever negative but the one that was not given", () => {
  const breaker = new CircuitBreaker({ settings, random: seededRandom(1) });
  for (let i = 0; i < 50; i++) {
    const lease = breaker.acquire(i);
    if (lease === noLease) return;
    expect(lease).toBeGreaterThanOrEqual(0);
    breaker.record(lease, "failure", i);
  }
});
