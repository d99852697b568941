import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decideSequential,
  type Group,
  sequentialBad,
  sequentialCap,
  sequentialClean,
} from "./sequential.ts";

const ones = (n: number, bad: (index: number) => boolean): Group[] =>
  Array.from({ length: n }, (_, index): Group => [1, bad(index) ? 1 : 0]);
const at = (target: number, confidence = 0.95) => ({ target, confidence });

describe("golden vectors of a sequence (verdicts H)", () => {
  it.each([
    [0.95, 95],
    [0.99, 488],
    [0.995, 979],
    [0.999, 4904],
  ])("at %s it passes after %i clean samples and not one before", (target, clean) => {
    expect(sequentialClean(target, 0.95)).toBe(clean);
    const end = decideSequential(
      ones(clean + 50, () => false),
      at(target),
    );
    expect(end).toMatchObject({ decision: "passed", n: clean, bad: 0 });
    const before = ones(clean - 1, () => false);
    expect(decideSequential(before, at(target))).toMatchObject({
      decision: "open",
      isCapped: false,
    });
  });

  it.each([0.95, 0.99, 0.995, 0.999])("at %s four bad ones in a row from the start fail", (s) => {
    expect(sequentialBad(s, 0.95)).toBe(4);
    const three = ones(3, () => true);
    expect(decideSequential(three, at(s)).decision).toBe("open");
    expect(
      decideSequential(
        ones(4, () => true),
        at(s),
      ),
    ).toMatchObject({ decision: "failed", n: 4 });
  });

  it("ends undecided at four times the clean samples of a fixed size", () => {
    expect([0.95, 0.99, 0.995].map((s) => sequentialCap(s, 0.95))).toEqual([236, 1196, 2392]);
    // One bad in 26: between the two shares that are told apart, for ever.
    const end = decideSequential(
      ones(400, (index) => index % 31 === 20),
      at(0.95),
    );
    expect(end).toMatchObject({ decision: "open", isCapped: true });
  });
});

/** What is decided at a sample, the last one bad, before which nothing was. */
function decisionAt(n: number, bad: number, target: number) {
  const before: Group = [n - 1, bad - 1];
  const { decision, ...end } = decideSequential([before, [1, 1]], at(target));
  expect([end.n, end.bad]).toEqual([n, bad]);
  return decision;
}

/** Chance that a sequence of independent samples with `p` bad ends as each decision, exactly. */
function chances(p: number, target: number): { passed: number; failed: number; unproven: number } {
  const cap = sequentialCap(target, 0.95) ?? 0;
  const [worse, better] = [1 - target, 0.4 * (1 - target)];
  const [good, bad] = [Math.log((1 - better) / (1 - worse)), Math.log(better / worse)];
  const edge = Math.log(19);
  let open = new Map([[0, 1]]);
  const ends = { passed: 0, failed: 0, unproven: 0, open: 0 };
  for (let n = 1; n <= cap; n++) {
    const next = new Map<number, number>();
    for (const [k, weight] of open) {
      for (const [count, chance] of [
        [k, weight * (1 - p)],
        [k + 1, weight * p],
      ] as const) {
        const ratio = (n - count) * good + count * bad;
        if (ratio >= edge) ends.passed += chance;
        else if (ratio <= -edge) ends[decisionAt(n, count, target)] += chance;
        else next.set(count, (next.get(count) ?? 0) + chance);
      }
    }
    open = next;
  }
  return ends;
}

describe("errors of a sequence", () => {
  it.each([0.9, 0.95, 0.99])(
    "at %s a target exactly at the limit passes in at most 5 % of runs, counted exactly",
    (target) => {
      expect(chances(1 - target, target).passed).toBeLessThanOrEqual(0.05);
      expect(chances(1.5 * (1 - target), target).passed).toBeLessThan(0.01);
    },
  );

  it.each([0.9, 0.95, 0.99])(
    "at %s a target of 0.4 and of 0.9 of the limit, and one exactly at it, fails in at most 5 of 100",
    (target) => {
      for (const share of [0.4, 0.9, 1]) {
        expect(chances(share * (1 - target), target).failed, `${share}`).toBeLessThanOrEqual(0.05);
      }
      // The ratio of likelihoods alone gives up on most of those that keep the limit by a tenth.
      const near = chances(0.9 * (1 - target), target);
      expect(near.failed + near.unproven).toBeGreaterThan(0.2);
    },
  );

  it.each([0.9, 0.95, 0.99])("at %s a target of ten times the limit fails nearly always", (s) => {
    expect(chances(Math.min(1, 10 * (1 - s)), s).failed).toBeGreaterThan(0.9);
  });
});

describe("laws", () => {
  const groups = fc.array(
    fc
      .tuple(fc.integer({ min: 1, max: 30 }), fc.nat(30))
      .map(([n, bad]): Group => [n, Math.min(n, bad)]),
    { maxLength: 40 },
  );
  const terms = fc.record({
    target: fc.constantFrom(0.9, 0.95, 0.99),
    confidence: fc.constantFrom(0.9, 0.95, 0.99),
  });

  it("what came later never changes a decision", () => {
    fc.assert(
      fc.property(groups, groups, terms, (first, later, o) => {
        const end = decideSequential(first, o);
        if (end.decision === "open") return;
        expect(decideSequential([...first, ...later], o)).toEqual(end);
      }),
    );
  });

  it("samples without a value never make a pass, and no failure", () => {
    fc.assert(
      fc.property(groups, terms, fc.nat(20), (list, o, open) => {
        const bare = decideSequential(list, o);
        const doubted = decideSequential(list, { ...o, open });
        if (doubted.decision === "passed") expect(bare.decision).toBe("passed");
        if (bare.decision === "failed") expect(doubted.decision).toBe("failed");
      }),
    );
  });

  it("a target of 0 or 1 is decided by no number of samples", () => {
    for (const target of [0, 1]) {
      expect([sequentialClean(target, 0.95), sequentialBad(target, 0.95)]).toEqual([null, null]);
      const end = decideSequential(
        ones(1_000, () => false),
        at(target),
      );
      expect(end).toMatchObject({ decision: "open", isCapped: false });
    }
  });
});
