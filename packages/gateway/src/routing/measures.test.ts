import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PeakEwma } from "./peak-ewma.ts";
import { Ramp } from "./ramp.ts";
import { RetryBudget } from "./retry-budget.ts";
import { TtftWindow } from "./ttft-window.ts";

describe("retry budget", () => {
  const events = fc.array(fc.record({ waitMs: fc.nat(2000), isRetry: fc.boolean() }), {
    maxLength: 500,
  });

  it("never gives more than a share of the requests, one a second and what it began with", () => {
    fc.assert(
      fc.property(events, fc.constantFrom(0, 0.1, 0.5), fc.constantFrom(0, 1, 3), (list, s, p) => {
        const budget = new RetryBudget({ share: s, perSecond: p });
        let nowMs = 0;
        let requests = 0;
        let retries = 0;
        for (const { waitMs, isRetry } of list) {
          nowMs += waitMs;
          if (!isRetry) {
            requests++;
            budget.credit();
          } else if (budget.take(nowMs)) retries++;
          expect(retries).toBeLessThanOrEqual(p + requests * s + (p * nowMs) / 1000 + 1e-6);
        }
      }),
    );
  });

  it("a quiet hour saves no more than ten and a second's worth", () => {
    const budget = new RetryBudget({ share: 0.1, perSecond: 1 });
    let taken = 0;
    while (budget.take(3_600_000)) taken++;
    expect(taken).toBe(11);
  });
});

describe("p95 of first contents", () => {
  it("lies within a bucket, 9 %, above the exact one", () => {
    const samples = fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(samples, (list) => {
        const window = new TtftWindow();
        for (const ms of list) window.observe(ms, 1000);
        const sorted = list.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0;
        const p95Ms = window.p95Ms(2000);
        expect(p95Ms).toBeGreaterThanOrEqual(exact);
        expect(p95Ms).toBeLessThanOrEqual(exact * 1.0906);
      }),
    );
  });

  it("forgets what is older than five minutes, minute by minute", () => {
    const window = new TtftWindow();
    window.observe(5000, 0);
    for (let minute = 1; minute < 5; minute++) window.observe(100, minute * 60_000);
    expect(window.p95Ms(4 * 60_000)).toBeGreaterThan(5000);
    expect(window.p95Ms(5 * 60_000)).toBeLessThan(110);
    expect(window.p95Ms(60 * 60_000)).toBe(0);
  });
});

describe("peak latency", () => {
  it("rises at once to a higher sample and falls by 1/e in ten seconds of lower ones", () => {
    const latency = new PeakEwma();
    latency.observe(100, 1000);
    latency.observe(900, 1001);
    expect(latency.valueMs(1001)).toBe(900);
    latency.observe(0, 11_001);
    expect(latency.valueMs(11_001)).toBeCloseTo(900 / Math.E, 6);
  });

  it("fades without samples and never goes below zero", () => {
    const latency = new PeakEwma();
    expect(latency.hasSample).toBe(false);
    latency.observe(1000, 0);
    expect(latency.valueMs(100_000)).toBeLessThan(0.1);
    expect(latency.valueMs(100_000)).toBeGreaterThan(0);
  });
});

describe("ramp", () => {
  it("is 10, 25, 50 and then 100 %, ten seconds each", () => {
    const ramp = new Ramp();
    expect(ramp.share(0)).toBe(1);
    ramp.start(0);
    const at = [0, 9999, 10_000, 19_999, 20_000, 29_999, 30_000].map((ms) => ramp.share(ms));
    expect(at).toEqual([0.1, 0.1, 0.25, 0.25, 0.5, 0.5, 1]);
  });

  it("a chance not taken is kept, but never more than one", () => {
    const ramp = new Ramp();
    ramp.start(0);
    for (let i = 0; i < 100; i++) ramp.admits(0);
    expect(ramp.admits(0)).toBe(true);
    ramp.spend();
    expect(ramp.admits(0)).toBe(false);
  });
});
