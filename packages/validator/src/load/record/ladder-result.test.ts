import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFlight } from "../engine/flight.ts";
import type { LadderScenario } from "../scenario-types.ts";
import { Arena } from "./arena.ts";
import { ladderResult } from "./ladder-result.ts";
import { PhaseCounts } from "./phases.ts";

const scenario: LadderScenario = {
  executor: "ladder",
  users: [1, 5, 20, 50, 100],
  rounds: 2,
  holdMs: 10_000,
  settleMs: 0,
  request: { kind: "http", method: "GET", path: "/" },
};

/** Phases in which each size had so many ok answers per second, of so many ms. */
function phasesOf(of: (users: number) => { perSecond: number; ms: number }): PhaseCounts[] {
  return [0, 1].flatMap(() =>
    scenario.users.map((users) => {
      const { perSecond, ms } = of(users);
      const phase = new PhaseCounts(new Arena(), Number.POSITIVE_INFINITY);
      for (let i = 0; i < Math.round(perSecond * 10); i++) {
        const flight = createFlight(0, i, 0);
        flight.doneMs = ms;
        phase.started();
        phase.ended(flight, "ok");
      }
      return phase;
    }),
  );
}

describe("ladder result", () => {
  it("a target that scales has no knee, a speed-up by its users and a law without a peak", () => {
    const result = ladderResult(
      scenario,
      phasesOf((users) => ({ perSecond: 10 * users, ms: 100 })),
    );
    expect(result.sizes.map(({ okPerSecond }) => okPerSecond)).toEqual([10, 50, 200, 500, 1000]);
    expect(result.sizes.map(({ speedUp }) => speedUp)).toEqual([1, 5, 20, 50, 100]);
    expect(result.sizes[0]).toMatchObject({ rounds: [10, 10], medianMs: 100 });
    expect(result.knee).toBeNull();
    expect(result.fit).toMatchObject({ provenance: "derived", peakUsers: null });
    expect(result.fit?.lambda).toBeCloseTo(10, 6);
    expect(result.fit?.sigma).toBeCloseTo(0, 6);
  });

  it("the knee is the last size before more users bring waiting in place of throughput", () => {
    const full = (users: number) => ({
      perSecond: Math.min(200, 10 * users),
      ms: Math.max(100, 5 * users),
    });
    expect(ladderResult(scenario, phasesOf(full)).knee).toBe(20);
    // No more throughput, but no longer waits either: that is no knee.
    const flat = (users: number) => ({ perSecond: Math.min(200, 10 * users), ms: 100 });
    expect(ladderResult(scenario, phasesOf(flat)).knee).toBeNull();
  });

  it("a law that made the figures is found again, with its peak", () => {
    const terms = fc.record({
      lambda: fc.integer({ min: 50, max: 200 }),
      sigma: fc.double({ min: 0.01, max: 0.1, noNaN: true }),
      kappa: fc.double({ min: 0.0002, max: 0.002, noNaN: true }),
    });
    fc.assert(
      fc.property(terms, ({ lambda, sigma, kappa }) => {
        const law = (n: number): number =>
          (lambda * n) / (1 + sigma * (n - 1) + kappa * n * (n - 1));
        const { fit } = ladderResult(
          scenario,
          phasesOf((users) => ({ perSecond: law(users), ms: 10 })),
        );
        // Counts are whole: the law is met to a few percent.
        expect(Math.abs((fit?.lambda ?? 0) / lambda - 1)).toBeLessThan(0.05);
        const peak = Math.sqrt((1 - sigma) / kappa);
        expect(Math.abs((fit?.peakUsers ?? 0) / peak - 1)).toBeLessThan(0.15);
        expect(fit?.curve.at(-1)?.[0]).toBe(200);
        expect(fit?.measuredUsers).toEqual([1, 100]);
      }),
      { numRuns: 20 },
    );
  });

  it("four sizes are too few for a law, and a dead target has neither figures nor a knee", () => {
    const four = { ...scenario, users: [1, 5, 20, 50] };
    const phases = phasesOf((users) => ({ perSecond: 10 * users, ms: 100 })).filter(
      (_, at) => at % 5 < 4,
    );
    expect(ladderResult(four, phases).fit).toBeNull();
    const dead = ladderResult(
      scenario,
      phasesOf(() => ({ perSecond: 0, ms: 0 })),
    );
    expect(dead).toMatchObject({ knee: null, fit: null });
    expect(dead.sizes[0]).toMatchObject({ okPerSecond: 0, medianMs: null, speedUp: null });
  });
});
