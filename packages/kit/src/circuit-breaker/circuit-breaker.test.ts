import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Random, seededRandom } from "../random/index.ts";
import {
  breakerDefaults,
  type BreakerOutcome,
  type BreakerSettings,
  type BreakerTransition,
  CircuitBreaker,
  noLease,
} from "./index.ts";

const half: Random = { unit: () => 0.5, below: () => 0, bytes: () => new Uint8Array() };

function breakerOf(settings: Partial<BreakerSettings> = {}, random = half) {
  const log: BreakerTransition[] = [];
  const breaker = new CircuitBreaker({
    settings: { ...breakerDefaults, ...settings },
    random,
    onTransition: (transition) => void log.push(transition),
  });
  const call = (outcome: BreakerOutcome, nowMs: number): boolean => {
    const lease = breaker.acquire(nowMs);
    if (lease !== noLease) breaker.record(lease, outcome, nowMs);
    return lease !== noLease;
  };
  return { breaker, log, call };
}

/** 1-based call at which a fresh breaker opens, or -1. */
function opensAt(
  isFailure: (call: number) => boolean,
  o: { calls: number; perMinute: number; settings?: Partial<BreakerSettings> },
): number {
  const { breaker, call } = breakerOf(o.settings);
  for (let i = 1; i <= o.calls; i++) {
    const nowMs = (i * 60_000) / o.perMinute;
    call(isFailure(i) ? "failure" : "success", nowMs);
    if (breaker.stateAt(nowMs) === "open") return i;
  }
  return -1;
}

/** `count` failures spread evenly over each `of` calls. */
const evenly = (count: number, of: number) => (call: number) =>
  Math.floor((call * count) / of) > Math.floor(((call - 1) * count) / of);

function tripped(settings: Partial<BreakerSettings> = {}) {
  const made = breakerOf(settings);
  for (let i = 0; i < 20; i++) made.call("failure", 1000);
  return made;
}

describe("closed: the window and the rate", () => {
  it("when every call fails a fresh breaker opens at call 20, not before [R0-12]", () => {
    expect(opensAt(() => true, { calls: 100, perMinute: 600 })).toBe(20);
  });

  it.each([10, 60, 100, 600, 1000, 3000, 10_000])(
    "9 failures in 100 spread evenly at %i calls a minute never open [R0-13]",
    (perMinute) => {
      expect(opensAt(evenly(9, 100), { calls: 20_000, perMinute })).toBe(-1);
    },
  );

  it.each([10, 60, 600, 10_000])(
    "11 failures in 100 spread evenly at %i calls a minute open at call 46, the fifth failure [R0-13]",
    (perMinute) => {
      expect(opensAt(evenly(11, 100), { calls: 1000, perMinute })).toBe(46);
    },
  );

  it("rate 0.15: 14 of 100 never open, 16 of 100 open at call 32 [R0-13]", () => {
    const o = { calls: 20_000, perMinute: 600, settings: { rate: 0.15 } };
    expect(opensAt(evenly(14, 100), o)).toBe(-1);
    expect(opensAt(evenly(16, 100), o)).toBe(32);
  });

  it.each([
    [10, 6],
    [60, 7],
    [600, 15],
    [3000, 15],
  ])("healthy for 30 minutes at %i a minute, then all fail: failure %i opens", (perMinute, nth) => {
    const healthy = perMinute * 30;
    const at = opensAt((call) => call > healthy, { calls: healthy + 100, perMinute });
    expect(at - healthy).toBe(nth);
  });

  it("five failures in a row among 1000 calls a minute never open: a count is no rate", () => {
    const isFailure = (call: number): boolean => call % 1000 >= 990 && call % 1000 < 995;
    expect(opensAt(isFailure, { calls: 30_000, perMinute: 1000 })).toBe(-1);
  });

  it("four failures and nothing else never open, five in 20 do", () => {
    expect(opensAt((call) => call <= 4, { calls: 25, perMinute: 600 })).toBe(-1);
    expect(opensAt((call) => call <= 5, { calls: 25, perMinute: 600 })).toBe(20);
  });

  it("outcomes older than 15 minutes count nothing", () => {
    const { breaker, call } = breakerOf();
    for (let i = 0; i < 19; i++) call("failure", i);
    call("failure", 1_000_000);
    expect([breaker.stateAt(1_000_000), breaker.outcomes]).toEqual(["closed", 1]);
  });

  it("neutral outcomes are in no window", () => {
    const { breaker, call } = breakerOf();
    for (let i = 0; i < 500; i++) call("neutral", i);
    expect([breaker.outcomes, breaker.stateAt(500)]).toEqual([0, "closed"]);
  });

  it("a window of 200,000 calls a minute stays bounded and still opens by 15 of 20", () => {
    const at = opensAt((call) => call > 150_000, { calls: 151_000, perMinute: 200_000 });
    expect(at).toBe(150_015);
  });
});

describe("closed: probes", () => {
  it("two failed probes 100 ms apart open when nothing succeeded for a probe period", () => {
    const { breaker, log, call } = breakerOf();
    call("success", 0);
    breaker.probe(false, 5000);
    expect(breaker.stateAt(5000)).toBe("closed");
    breaker.probe(false, 5050);
    expect(breaker.stateAt(5050)).toBe("closed");
    breaker.probe(false, 5100);
    expect(log).toEqual([{ from: "closed", to: "open", reason: "probe", atMs: 5100 }]);
  });

  it("calls that succeed outweigh failing probes", () => {
    const { breaker, call } = breakerOf();
    for (let nowMs = 0; nowMs < 60_000; nowMs += 1000) {
      call("success", nowMs);
      breaker.probe(false, nowMs + 500);
      breaker.probe(false, nowMs + 700);
    }
    expect(breaker.stateAt(60_000)).toBe("closed");
  });
});

describe("open", () => {
  it("admits none of 10,000 calls after the trip, until its time is over", () => {
    const { breaker, call } = tripped();
    for (let i = 0; i < 10_000; i++) expect(call("success", 1000 + i / 4)).toBe(false);
    expect(breaker.admits(5999)).toBe(false);
    expect(breaker.admits(6000)).toBe(true);
  });

  it("stays 5 s, then twice as long after each failed half-open, at most 60 s", () => {
    const { breaker, call } = tripped();
    const stays: number[] = [];
    let nowMs = 1000;
    for (let i = 0; i < 6; i++) {
      const waitMs = breaker.waitMs(nowMs);
      stays.push(waitMs);
      nowMs += waitMs;
      call("failure", nowMs);
    }
    expect(stays).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it("the stay begins at 5 s again only after five minutes closed", () => {
    const again = (closedMs: number): number => {
      const { breaker, call } = tripped();
      call("failure", 6000);
      for (let i = 0; i < 3; i++) call("success", 16_000);
      const nowMs = 16_000 + closedMs;
      for (let i = 0; i < 20; i++) call("failure", nowMs);
      return breaker.waitMs(nowMs);
    };
    expect([again(299_000), again(300_000)]).toEqual([10_000, 5000]);
  });

  it("stays are drawn within 20 % of their length", () => {
    const random = seededRandom(5);
    const stays = Array.from({ length: 500 }, () => {
      const { breaker, call } = breakerOf({}, random);
      for (let i = 0; i < 20; i++) call("failure", 0);
      return breaker.waitMs(0);
    });
    expect(Math.min(...stays)).toBeGreaterThanOrEqual(4000);
    expect(Math.max(...stays)).toBeLessThanOrEqual(6000);
    expect(Math.max(...stays) - Math.min(...stays)).toBeGreaterThan(1900);
  });

  it("Retry-After moves the end only later, and never beyond an hour", () => {
    const { breaker } = tripped();
    breaker.retryAfter(1000, 1000);
    expect(breaker.waitMs(1000)).toBe(5000);
    breaker.retryAfter(9000, 1000);
    expect(breaker.waitMs(1000)).toBe(9000);
    breaker.retryAfter(1e12, 1000);
    expect(breaker.waitMs(1000)).toBe(3_600_000);
  });

  it("outcomes of calls begun before the trip change nothing", () => {
    const { breaker, call } = breakerOf();
    const old = breaker.acquire(0);
    for (let i = 0; i < 20; i++) call("failure", 1000);
    breaker.record(old, "success", 2000);
    expect(breaker.stateAt(6000)).toBe("half_open");
    breaker.record(old, "failure", 6000);
    expect(breaker.stateAt(6000)).toBe("half_open");
    for (let i = 0; i < 3; i++) call("success", 6100);
    breaker.record(old, "failure", 6200);
    expect([breaker.stateAt(6200), breaker.outcomes]).toEqual(["closed", 0]);
  });
});

describe("half-open", () => {
  it("gives 3 permits, closes after 3 successes [R0-11]", () => {
    const { breaker, log } = tripped();
    const leases = [1, 2, 3, 4].map(() => breaker.acquire(6000));
    expect(leases.filter((lease) => lease === noLease)).toHaveLength(1);
    for (const lease of leases.slice(0, 3)) breaker.record(lease, "success", 6100);
    expect(log.at(-1)).toEqual({ from: "half_open", to: "closed", reason: "passed", atMs: 6100 });
  });

  it("one failure opens again", () => {
    const { breaker, call, log } = tripped();
    call("success", 6000);
    call("success", 6001);
    call("failure", 6002);
    expect(log.at(-1)).toMatchObject({ to: "open", reason: "failed" });
    expect(breaker.admits(6003)).toBe(false);
  });

  it("a cancelled lease gives its permit back and counts nothing [R0-11]", () => {
    const { breaker, call } = tripped();
    for (let i = 0; i < 1000; i++) expect(call("neutral", 6000 + i)).toBe(true);
    expect(breaker.stateAt(7000)).toBe("half_open");
  });

  it("a lease nobody ends is given to another after 30 s", () => {
    const { breaker, call } = tripped();
    for (let i = 0; i < 3; i++) breaker.acquire(6000);
    expect([breaker.admits(35_999), breaker.waitMs(35_999)]).toEqual([false, 1]);
    for (let i = 0; i < 3; i++) expect(call("success", 36_000)).toBe(true);
    expect(breaker.stateAt(36_000)).toBe("closed");
  });

  it("calls longer than a lease can still close it", () => {
    const { breaker } = tripped();
    const leases = [1, 2, 3].map(() => breaker.acquire(6000));
    for (const lease of leases) breaker.record(lease, "success", 90_000);
    expect(breaker.stateAt(90_000)).toBe("closed");
  });
});

describe("forced by an admin", () => {
  it("open admits nothing for any time, closed admits all, undefined decides again", () => {
    const { breaker, call } = breakerOf();
    breaker.force("open", 0);
    expect([breaker.forced, breaker.admits(1e9)]).toEqual(["open", false]);
    breaker.force("closed", 1e9);
    for (let i = 0; i < 100; i++) expect(call("failure", 1e9)).toBe(true);
    breaker.force(undefined, 1e9);
    for (let i = 0; i < 20; i++) call("failure", 1e9);
    expect(breaker.stateAt(1e9)).toBe("open");
  });
});

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom("take", "take", "end", "wait", "probe"),
    n: fc.nat(20_000),
    outcome: fc.constantFrom<BreakerOutcome>("success", "failure", "failure", "neutral"),
  }),
  { maxLength: 400 },
);

describe("random orders of events", () => {
  it("permits never leak, at most 3 are out in half-open, and it always closes again [R0-11]", () => {
    fc.assert(
      fc.property(steps, (events) => {
        const { breaker } = breakerOf();
        let nowMs = 0;
        let out: { lease: number; endMs: number; isHalfOpen: boolean }[] = [];
        let sinceMs = -1;
        for (const event of events) {
          if (event.kind === "wait") nowMs += event.n;
          if (event.kind === "probe") breaker.probe(event.n % 2 === 0, nowMs);
          const before = breaker.stateAt(nowMs);
          if (breaker.sinceMs !== sinceMs) out.forEach((entry) => (entry.isHalfOpen = false));
          sinceMs = breaker.sinceMs;
          if (event.kind === "end") {
            const [entry] = out.splice(event.n % Math.max(1, out.length), 1);
            if (entry) breaker.record(entry.lease, event.outcome, nowMs);
          }
          if (event.kind !== "take") continue;
          const live = out.filter((entry) => entry.isHalfOpen && entry.endMs > nowMs).length;
          const lease = breaker.acquire(nowMs);
          const expected = before === "closed" || (before === "half_open" && live < 3);
          expect(lease !== noLease).toBe(expected);
          if (lease === noLease) continue;
          out.push({ lease, endMs: nowMs + 30_000, isHalfOpen: before === "half_open" });
        }
        // Whatever is still out is forgotten: healthy calls close it within its longest waits.
        out = [];
        for (let i = 0; i < 10; i++) {
          nowMs += breaker.waitMs(nowMs);
          breaker.record(breaker.acquire(nowMs), "success", nowMs);
        }
        expect(breaker.stateAt(nowMs)).toBe("closed");
      }),
      { numRuns: 500 },
    );
  });
});
