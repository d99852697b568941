import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ArrivalScenario, RampingArrivalScenario } from "../types.ts";
import { arrivalChunks } from "./arrivals.ts";
import { curveOf, sineCurve, stagesCurve } from "./curve.ts";

const request = { kind: "http", method: "GET", path: "/" } as const;

const offsets = (scenario: ArrivalScenario | RampingArrivalScenario, seed = 7): number[] =>
  [...arrivalChunks(scenario, seed)].flatMap((chunk) => [...chunk]);

interface Stage {
  durationMs: number;
  target: number;
  step?: boolean;
}

/** Arrivals until `ms`, added up stage by stage: the definition, not the inverse. */
function integral(startRate: number, stages: readonly Stage[], ms: number): number {
  let rate = startRate;
  let fromMs = 0;
  let sum = 0;
  for (const { durationMs, target, step } of stages) {
    const first = step === true ? target : rate;
    const inside = Math.max(0, Math.min(durationMs, ms - fromMs));
    const last = first + ((target - first) * inside) / durationMs;
    sum += (((first + last) / 2) * inside) / 1000;
    fromMs += durationMs;
    rate = target;
  }
  return sum;
}

const stage = fc.record({
  durationMs: fc.integer({ min: 100, max: 30_000 }),
  target: fc.integer({ min: 0, max: 500 }),
  step: fc.boolean(),
});

describe("rate curve", () => {
  it("at the offset of a number of arrivals the integral of ramps and steps is that number", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200 }),
        fc.array(stage, { minLength: 1, maxLength: 6 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (startRate, stages, share) => {
          const curve = stagesCurve(startRate, stages);
          fc.pre(curve.total > 0.001);
          const units = share * curve.total;
          const ms = curve.at(units);
          expect(ms).toBeGreaterThanOrEqual(0);
          expect(ms).toBeLessThanOrEqual(curve.durationMs * (1 + 1e-9));
          expect(integral(startRate, stages, ms)).toBeCloseTo(units, 5);
        },
      ),
    );
  });

  it("arrivals of a ramp stand where its integral reaches each whole number", () => {
    const stages = [
      { durationMs: 10_000, target: 100 },
      { durationMs: 5_000, target: 100 },
      { durationMs: 10_000, target: 0 },
    ];
    const all = offsets({ executor: "ramping-arrival-rate", stages, request });
    expect(all).toHaveLength(1500);
    all.forEach((ms, i) => expect(integral(0, stages, ms)).toBeCloseTo(i, 6));
    expect(all.every((ms, i) => i === 0 || ms > (all[i - 1] ?? 0))).toBe(true);
  });

  it("a step holds its rate exactly from its first to its last ms", () => {
    const stages = [
      { durationMs: 1000, target: 10, step: true },
      { durationMs: 1000, target: 100, step: true },
    ];
    const all = offsets({ executor: "ramping-arrival-rate", stages, request });
    expect(all.slice(0, 10)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
    expect(all[10]).toBe(1000);
    expect(all[11]).toBeCloseTo(1010, 9);
    expect(all).toHaveLength(110);
  });

  it("a stage without any rate has no arrival, and the next begins at its own start", () => {
    const stages = [
      { durationMs: 1000, target: 10, step: true },
      { durationMs: 5000, target: 0, step: true },
      { durationMs: 1000, target: 10, step: true },
    ];
    const all = offsets({ executor: "ramping-arrival-rate", stages, request });
    expect(all.filter((ms) => ms >= 1000 && ms < 6000)).toEqual([]);
    expect(all[10]).toBe(6000);
  });

  it("a sine of whole periods has the arrivals of its mean, most of them at its crests", () => {
    const sine = { amplitude: 80, periodMs: 4000 };
    const scenario = { executor: "constant-arrival-rate", rate: 100, durationMs: 8000 } as const;
    const all = offsets({ ...scenario, sine, request });
    expect(all).toHaveLength(800);
    const crest = all.filter((ms) => ms % 4000 < 2000).length;
    // The integral over the upper half: 100 x 2 s + 2 x 80 x 4 s / (2 pi).
    expect(crest).toBeGreaterThan(600);
    expect(crest).toBeLessThan(606);
  });

  it("the inverse of a sine's integral is its inverse", () => {
    fc.assert(
      fc.property(
        fc.record({
          rate: fc.integer({ min: 1, max: 1000 }),
          share: fc.double({ min: 0, max: 1, noNaN: true }),
          periodMs: fc.integer({ min: 100, max: 60_000 }),
        }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        ({ rate, share, periodMs }, at) => {
          const amplitude = rate * share;
          const curve = sineCurve({ rate, amplitude, periodMs, durationMs: 20_000 });
          const ms = curve.at(at * curve.total);
          const turn = (2 * Math.PI) / periodMs;
          const whole = (rate * ms + (amplitude / turn) * (1 - Math.cos(turn * ms))) / 1000;
          expect(whole).toBeCloseTo(at * curve.total, 5);
        },
      ),
    );
  });

  it("every offset lies below the duration, whatever the gaps", () => {
    for (const arrivals of ["even", "poisson", "gamma"] as const) {
      const shared = { durationMs: 3000, arrivals, burstiness: 0.5, request } as const;
      const all = offsets({ executor: "constant-arrival-rate", rate: 200, ...shared });
      expect(all.every((ms) => ms >= 0 && ms < 3000)).toBe(true);
    }
    const even = offsets({
      executor: "constant-arrival-rate",
      rate: 200,
      durationMs: 3000,
      request,
    });
    // k6 may start one more.
    expect(even).toHaveLength(600);
    expect(
      curveOf({ executor: "constant-arrival-rate", rate: 3, durationMs: 1, request }).total,
    ).toBe(0.003);
  });
});
