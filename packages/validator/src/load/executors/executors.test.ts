import { describe, expect, it } from "vitest";
import { usersAt } from "./ramping-vus.ts";

describe("ramping-vus", () => {
  it("users move linearly from stage to stage, from 0, and end after the last", () => {
    const stages = [
      { durationMs: 1000, target: 10 },
      { durationMs: 500, target: 10 },
      { durationMs: 1000, target: 0 },
    ];
    const at = [0, 100, 500, 999, 1000, 1250, 1500, 2000, 2499, 2500];
    expect(at.map((ms) => usersAt({ stages }, ms))).toEqual([0, 1, 5, 10, 10, 10, 10, 5, 0, null]);
  });
});
