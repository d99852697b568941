import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costUs, type Law, lawOf, refundedUs, remainingOf, takenUs, waitUs } from "./index.ts";

const minuteUs = 60_000_000;
const requests = fc
  .record({
    limit: fc.integer({ min: 1, max: 5000 }),
    periodUs: fc.integer({ min: 1_000_000, max: 3_600_000_000 }),
    burst: fc.integer({ min: 1, max: 500 }),
  })
  .map((o) => lawOf({ ...o, isCounted: true }));
const tokens = fc
  .record({
    limit: fc.integer({ min: 1, max: 100_000_000 }),
    periodUs: fc.integer({ min: 1_000_000, max: 600_000_000 }),
    burst: fc.integer({ min: 1, max: 1_000_000 }),
  })
  .map((o) => lawOf({ ...o, isCounted: false }));

interface Arrival {
  readonly gapUs: number;
  readonly amount: number;
}

const arrivalsOf = (law: Law): fc.Arbitrary<Arrival[]> =>
  fc.array(
    fc.record({
      gapUs: fc.oneof(
        fc.constant(0),
        fc.integer({ min: 0, max: 3 * law.emissionUs }),
        fc.integer({ min: 0, max: Math.min(2 ** 31, 2 * law.capacityUs) }),
      ),
      amount: law.isCounted ? fc.constant(1) : fc.integer({ min: 1, max: law.burst }),
    }),
    { minLength: 1, maxLength: 120 },
  );

/** Everything admitted, with its time. */
function admit(law: Law, arrivals: readonly Arrival[]): { atUs: number; amount: number }[] {
  let nowUs = 0;
  let tatUs = 0;
  const admitted: { atUs: number; amount: number }[] = [];
  for (const { gapUs, amount } of arrivals) {
    nowUs += gapUs;
    const cost = costUs(law, amount);
    if (waitUs(law, tatUs, nowUs, cost) > 0) continue;
    tatUs = takenUs(tatUs, nowUs, cost);
    admitted.push({ atUs: nowUs, amount });
  }
  return admitted;
}

/** The most that any window admitted beyond `burst + limit * t / period`. */
function excess(law: Law, admitted: readonly { atUs: number; amount: number }[]): number {
  let worst = Number.NEGATIVE_INFINITY;
  for (let from = 0; from < admitted.length; from++) {
    let sum = 0;
    for (let to = from; to < admitted.length; to++) {
      sum += admitted[to]?.amount ?? 0;
      const spanUs = (admitted[to]?.atUs ?? 0) - (admitted[from]?.atUs ?? 0);
      worst = Math.max(worst, sum - law.burst - (law.limit * spanUs) / law.periodUs);
    }
  }
  return worst;
}

describe("the law", () => {
  it("100 a minute with burst 20 admits 20 at once, the 21st after 600 ms, 120 in a minute", () => {
    const law = lawOf({ limit: 100, periodUs: minuteUs, burst: 20, isCounted: true });
    let tatUs = 0;
    for (let i = 0; i < 20; i++) {
      expect(waitUs(law, tatUs, 0, law.emissionUs)).toBe(0);
      tatUs = takenUs(tatUs, 0, law.emissionUs);
    }
    expect(waitUs(law, tatUs, 0, law.emissionUs)).toBe(600_000);
    const everyMs = Array.from({ length: 60_001 }, () => ({ gapUs: 1000, amount: 1 }));
    const many = [...Array.from({ length: 60 }, () => ({ gapUs: 0, amount: 1 })), ...everyMs];
    expect(admit(law, many).filter(({ atUs }) => atUs <= minuteUs).length).toBe(120);
  });

  it("no arrival pattern gets more than burst + limit * t / period requests in any window", () => {
    fc.assert(
      fc.property(
        requests.chain((law) => fc.tuple(fc.constant(law), arrivalsOf(law))),
        ([law, arrivals]) => excess(law, admit(law, arrivals)) <= 1e-6,
      ),
      { numRuns: 300 },
    );
  });

  it("no arrival pattern gets more tokens than the law and what one microsecond brings", () => {
    fc.assert(
      fc.property(
        tokens.chain((law) => fc.tuple(fc.constant(law), arrivalsOf(law))),
        ([law, arrivals]) => excess(law, admit(law, arrivals)) <= law.limit / law.periodUs + 1e-3,
      ),
      { numRuns: 300 },
    );
  });

  it("waiting exactly as long as a refusal says admits, waiting 1 us less does not", () => {
    fc.assert(
      fc.property(
        fc.oneof(requests, tokens).chain((law) => fc.tuple(fc.constant(law), arrivalsOf(law))),
        ([law, arrivals]) => {
          let nowUs = 0;
          let tatUs = 0;
          for (const { gapUs, amount } of arrivals) {
            nowUs += gapUs;
            const cost = costUs(law, amount);
            const wait = waitUs(law, tatUs, nowUs, cost);
            if (wait === 0) tatUs = takenUs(tatUs, nowUs, cost);
            else if (cost <= law.capacityUs) {
              expect(waitUs(law, tatUs, nowUs + wait, cost)).toBe(0);
              expect(waitUs(law, tatUs, nowUs + wait - 1, cost)).toBe(1);
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("of a law that was charged beyond its burst nothing remains, and never less than nothing", () => {
    for (const isCounted of [true, false]) {
      const law = lawOf({ limit: 60, periodUs: minuteUs, burst: 10, isCounted });
      const fullUs = law.capacityUs;
      expect(remainingOf(law, fullUs - costUs(law, 1), 0)).toBe(1);
      expect(remainingOf(law, fullUs, 0)).toBe(0);
      expect(remainingOf(law, fullUs + costUs(law, 30), 0)).toBe(0);
      expect(remainingOf(law, fullUs + costUs(law, 30), costUs(law, 31))).toBe(1);
    }
  });

  it("what remains is exactly what is admitted at once", () => {
    fc.assert(
      fc.property(requests, fc.integer({ min: 0, max: 600 }), (law, taken) => {
        const used = Math.min(taken, law.burst);
        const tatUs = used * law.emissionUs;
        expect(remainingOf(law, tatUs, 0)).toBe(law.burst - used);
      }),
    );
  });
});

describe("refunds", () => {
  it("give back what was not used, and nothing that has drained already", () => {
    const law = lawOf({ limit: 60, periodUs: minuteUs, burst: 60, isCounted: false });
    const tatUs = takenUs(0, 0, costUs(law, 60));
    const o = { reservedTatUs: tatUs, refundUs: costUs(law, 50) };
    expect(remainingOf(law, refundedUs(tatUs, 0, o), 0)).toBe(50);
    const laterUs = 55_000_000;
    expect(remainingOf(law, refundedUs(tatUs, laterUs, o), laterUs)).toBe(60);
    const again = takenUs(tatUs, minuteUs, costUs(law, 60));
    expect(refundedUs(again, minuteUs, o)).toBe(again);
  });

  it("what is used in the end never exceeds the law, whatever is given back and when", () => {
    const calls = fc.array(
      fc.record({
        gapUs: fc.integer({ min: 0, max: 2_000_000 }),
        reserved: fc.integer({ min: 1, max: 50 }),
        usedShare: fc.double({ min: 0, max: 1, noNaN: true }),
        settleAfter: fc.integer({ min: 0, max: 6 }),
      }),
      { minLength: 1, maxLength: 80 },
    );
    const law = lawOf({ limit: 600, periodUs: minuteUs, burst: 50, isCounted: false });
    fc.assert(
      fc.property(calls, (all) => {
        let nowUs = 0;
        let tatUs = 0;
        const used: { atUs: number; amount: number }[] = [];
        const open: { dueAt: number; reservedTatUs: number; refundUs: number }[] = [];
        all.forEach(({ gapUs, reserved, usedShare, settleAfter }, i) => {
          nowUs += gapUs;
          for (const lease of open.filter(({ dueAt }) => dueAt === i))
            tatUs = refundedUs(tatUs, nowUs, lease);
          const cost = costUs(law, reserved);
          if (waitUs(law, tatUs, nowUs, cost) > 0) return;
          tatUs = takenUs(tatUs, nowUs, cost);
          const amount = Math.floor(reserved * usedShare);
          used.push({ atUs: nowUs, amount });
          const refundUs = cost - costUs(law, amount);
          open.push({ dueAt: i + 1 + settleAfter, reservedTatUs: tatUs, refundUs });
        });
        expect(excess(law, used)).toBeLessThanOrEqual(1e-3);
      }),
      { numRuns: 300 },
    );
  });
});

describe("lawOf", () => {
  it("refuses figures that are no positive integers or take longer than integers hold", () => {
    const good = { limit: 1, periodUs: 1, burst: 1, isCounted: true };
    expect(() => lawOf({ ...good, limit: 0 })).toThrow(RangeError);
    expect(() => lawOf({ ...good, burst: 1.5 })).toThrow(RangeError);
    expect(() => lawOf({ ...good, periodUs: 2 ** 52 })).toThrow(RangeError);
  });

  it("rounds the time of one unit up, so that 7 a second never become more", () => {
    expect(lawOf({ limit: 7, periodUs: 1_000_000, burst: 1, isCounted: true }).emissionUs).toBe(
      142_858,
    );
  });
});
