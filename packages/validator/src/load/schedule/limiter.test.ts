import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { admittedBy, type DeclaredLimiter, perSecond } from "./limiter.ts";

const every = (ms: number, n: number, fromMs = 0): number[] =>
  Array.from({ length: n }, (_, at) => fromMs + at * ms);
const one = (n: number) => ({ least: n, most: n });

describe("a declared limiter", () => {
  it("a token bucket lets its burst through and then what it refills", () => {
    const limiter: DeclaredLimiter = {
      kind: "token_bucket",
      limit: 10,
      periodMs: 1_000,
      burst: 5,
    };
    expect(admittedBy(limiter, every(0, 20))).toEqual(one(5));
    // 30/s for 10 s: 5 at once and 10 each second after.
    expect(admittedBy(limiter, every(1_000 / 30, 300))).toEqual(one(5 + 99));
    expect(admittedBy(limiter, every(100, 100))).toEqual(one(100));
  });

  it("a sliding window lets through its limit in any period", () => {
    const limiter: DeclaredLimiter = { kind: "sliding_window", limit: 3, periodMs: 1_000 };
    expect(admittedBy(limiter, [0, 10, 20, 30, 999, 1_000, 1_005, 1_010])).toEqual(one(5));
  });

  it("a fixed window admits by where its periods begin, which only the target knows", () => {
    const limiter: DeclaredLimiter = { kind: "fixed_window", limit: 5, periodMs: 1_000 };
    expect(admittedBy(limiter, every(50, 20))).toEqual({ least: 5, most: 10 });
    expect(admittedBy(limiter, every(1_000, 20))).toEqual(one(20));
  });

  it("nobody asks, nobody is let in", () => {
    const kinds = ["token_bucket", "fixed_window", "sliding_window"] as const;
    for (const kind of kinds)
      expect(admittedBy({ kind, limit: 1, periodMs: 1 }, [])).toEqual(one(0));
  });

  it("law: never more than were sent, never more than burst and refill, never fewer with a higher limit", () => {
    const times = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 200 });
    const kind = fc.constantFrom("token_bucket", "fixed_window", "sliding_window" as const);
    fc.assert(
      fc.property(times, kind, fc.integer({ min: 1, max: 50 }), (raw, of, limit) => {
        const atMs = raw.toSorted((a, b) => a - b);
        const limiter: DeclaredLimiter = { kind: of, limit, periodMs: 1_000 };
        const { least, most } = admittedBy(limiter, atMs);
        const spanMs = (atMs.at(-1) ?? 0) - (atMs[0] ?? 0);
        expect(least).toBeLessThanOrEqual(most);
        expect(most).toBeLessThanOrEqual(atMs.length);
        expect(most).toBeLessThanOrEqual(limit * (spanMs / 1_000 + 2));
        const wider = admittedBy({ ...limiter, limit: limit + 1 }, atMs);
        expect(wider.most).toBeGreaterThanOrEqual(most);
        expect(wider.least).toBeGreaterThanOrEqual(least);
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  it("names its long-run rate", () => {
    expect(perSecond({ kind: "sliding_window", limit: 600, periodMs: 60_000 })).toBe(10);
  });
});
