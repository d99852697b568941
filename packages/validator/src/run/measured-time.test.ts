import { describe, expect, it } from "vitest";
import type { Scenario } from "../load/index.ts";
import { measuredMs, wasCut } from "./measured-time.ts";

const request = { kind: "http", method: "GET", path: "/" } as const;
const users: Scenario = { executor: "constant-vus", vus: 1, durationMs: 60_000, request };
const load = { scenarios: { now: users, later: { ...users, startMs: 30_000, warmupMs: 10_000 } } };

describe("time that a run measured", () => {
  it.each([
    ["now", undefined, 60_000],
    ["later", undefined, 50_000],
    ["now", 20_000, 20_000],
    ["later", 20_000, 0],
    ["later", 35_000, 0],
    ["later", 45_000, 5_000],
    ["now", 90_000, 60_000],
    ["none", undefined, 0],
  ])("of %s, sent until %j ms, is %i ms", (name, untilMs, ms) => {
    expect(measuredMs(load, name, untilMs)).toBe(ms);
  });

  it("was cut where any of the scenarios had more of it before it, and not by a stop after their end", () => {
    const cut = (stoppedMs: number) =>
      [["now"], ["later"], ["now", "later"]].map((names) => wasCut(load, names, stoppedMs));
    expect(cut(59_999)).toEqual([true, true, true]);
    expect(cut(60_000)).toEqual([false, true, true]);
    expect(cut(90_000)).toEqual([false, false, false]);
    expect(cut(Number.POSITIVE_INFINITY)).toEqual([false, false, false]);
  });
});
