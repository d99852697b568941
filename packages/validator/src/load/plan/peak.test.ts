import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { usersAt } from "../executors/ramping-vus.ts";
import { findProfile } from "../profiles/index.ts";
import { profileManifestSchema } from "../profiles/manifest.ts";
import type { Scenario } from "../scenario-types.ts";
import { peakOf } from "./peak.ts";

const request = { kind: "http", method: "GET", path: "/" } as const;
const users = (vus: number, durationMs: number, startMs = 0): Scenario => ({
  executor: "constant-vus",
  vus,
  durationMs,
  startMs,
  request,
});
const peak = (...scenarios: Scenario[]) =>
  peakOf({ scenarios: Object.fromEntries(scenarios.map((one, i) => [`s${i}`, one])) });

describe("the height of a plan", () => {
  it("scenarios that overlap add up, those that follow each other do not", () => {
    expect(peak(users(20, 1000), users(15, 1000, 500)).users).toBe(35);
    expect(peak(users(20, 1000), users(15, 1000, 1000)).users).toBe(20);
    expect(peak()).toEqual({ users: 0, perSecond: 0 });
  });

  it("mix-ramps is 90 users at its height, not the 45 of its start nor more", () => {
    const manifest = profileManifestSchema.parse({
      model: "tiny",
      rag: {
        ingest: { path: "/i", body: {} },
        query: { path: "/q", body: {} },
        resultsPath: "r",
        textPath: "t",
      },
      mcp: { tool: "search" },
    });
    expect(
      peakOf(
        findProfile("mix-ramps").make(manifest, {}, { baseUrl: "http://127.0.0.1:1", seed: 7 }),
      ),
    ).toEqual({
      users: 90,
      perSecond: 0,
    });
  });

  it("a ramp that falls while another rises has its height in between", () => {
    const rise: Scenario = {
      executor: "ramping-vus",
      stages: [
        { durationMs: 1000, target: 40 },
        { durationMs: 1000, target: 0 },
      ],
      request,
    };
    const fall: Scenario = {
      executor: "ramping-vus",
      startVus: 30,
      stages: [{ durationMs: 2000, target: 0 }],
      request,
    };
    expect(peak(rise, fall).users).toBe(55);
  });

  it("open models give a rate, users none: a sine its crest, a step its whole stage, a search its end", () => {
    const shared = { durationMs: 1000, request } as const;
    const sine: Scenario = {
      executor: "constant-arrival-rate",
      rate: 40,
      sine: { amplitude: 5, periodMs: 500 },
      ...shared,
    };
    const steps: Scenario = {
      executor: "ramping-arrival-rate",
      stages: [{ durationMs: 1000, target: 7, step: true }],
      request,
    };
    expect(peak(sine, steps)).toEqual({ users: 0, perSecond: 52 });
    const sessions: Scenario = { executor: "sessions", rate: 3, turns: 4, ...shared };
    const search: Scenario = {
      executor: "find-peak",
      startRate: 10,
      rateMax: 500,
      stepMs: 1000,
      pass: { limitMs: 100 },
      request,
    };
    expect(peak(sessions).perSecond).toBe(3);
    expect(peak(search).perSecond).toBe(500);
  });

  it("a trace has the rows of its busiest second, a faster one more of them", () => {
    const atMs = new Float64Array([0, 100, 1100, 1200, 1300, 2900]);
    const none = new Uint32Array(0);
    const trace = { atMs, inputTokens: none, outputTokens: none, hashIds: none, hashStart: none };
    const of = (speed: number) =>
      peak({ executor: "trace-replay", trace, speed, request }).perSecond;
    expect([of(1), of(3)]).toEqual([3, 6]);
  });

  it("is what the executor itself wants at its highest moment, for any ramps", () => {
    const stage = fc.record({
      durationMs: fc.integer({ min: 200, max: 2000 }),
      target: fc.integer({ min: 0, max: 50 }),
    });
    const stages = fc.array(stage, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(stages, stages, (one, two) => {
        const wanted = Array.from({ length: 10_000 }, (_, ms) =>
          [one, two].reduce((sum, list) => sum + (usersAt({ stages: list }, ms) ?? 0), 0),
        );
        const scenario = (list: typeof one): Scenario => ({
          executor: "ramping-vus",
          stages: list,
          request,
        });
        const height = peak(scenario(one), scenario(two)).users;
        // Users are whole: each ramp is rounded by itself, and ends just below its target.
        expect(Math.abs(height - Math.max(...wanted))).toBeLessThanOrEqual(1.5);
      }),
      { numRuns: 30, seed: 3 },
    );
  });
});
