import { describe, expect, it } from "vitest";
import { roundsGuard, roundValues } from "./rounds.ts";

const size = (users: number, rounds: readonly number[]) => ({
  users,
  okPerSecond: rounds.reduce((sum, one) => sum + one, 0) / rounds.length,
  rounds,
  due: 100,
  ok: 100,
  medianMs: 5,
  p95Ms: 9,
  speedUp: null,
});
const held = { sizes: [size(1, [100, 200, 100]), size(20, [150, 190, 140])], knee: 1, fit: null };
const holds = (values: readonly number[]): boolean =>
  roundsGuard.judge({ values, atLeast: 1 }).holds;

describe("rounds of a ladder", () => {
  it("are compared with the same round of one user, so that what slowed both says nothing", () => {
    expect(roundValues(held, { users: 20, of: "speedUp" })).toEqual([1.5, 0.95, 1.4]);
    expect(roundValues(held, { users: 20, of: "okPerSecond" })).toEqual([150, 190, 140]);
    expect(roundValues(held, { users: 7, of: "speedUp" })).toEqual([]);
  });

  it("of a ladder that begins with several users are per user", () => {
    const sizes = [size(5, [100]), size(20, [300])];
    expect(roundValues({ sizes, knee: null, fit: null }, { users: 20, of: "speedUp" })).toEqual([
      15,
    ]);
  });

  it.each([
    ["all of them kept it", [1.2, 1, 1.4], true],
    ["none of them did", [0.9, 0.99, 0.2], true],
    ["one of them says otherwise than the others", [1.2, 0.99, 1.1], false],
    ["one of them says so than the others", [0.8, 1, 0.9], false],
    ["there is one alone", [0.9], true],
    ["nobody sent anything in a round", [Number.POSITIVE_INFINITY, 2], true],
  ])("decide where %s: %j holds is %s", (_, values, expected) => {
    expect(holds(values)).toBe(expected);
  });

  it("void a pass and a failure alike, of their own claim, and say every figure", () => {
    const { invalidates, kinds, reason, seen } = roundsGuard.judge({
      values: [1.084, 0.9512],
      atLeast: 1,
    });
    expect([invalidates, kinds, reason]).toEqual(["both", ["predicate"], "noise"]);
    expect(seen).toBe("1 of 2 rounds reached 1: 1.08, 0.951.");
  });
});
