import type { SampleTally } from "@loadline/contract";
import { seededRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import { StopRule } from "./stop-rule.ts";

const claim = { id: "c", target: 0.99, confidence: 0.95 };
const stop = { claim: "c", delayMs: 0, forMs: 0, on: "evidence" } as const;

function tally(n: number, bad: number): { claim: string; tally: SampleTally } {
  const empty = { stream: "s", part: "all", undefined: 0, slices: [], sliceMs: 1_000, badBy: {} };
  return { claim: "c", tally: { ...empty, n, bad } };
}

describe("early stop", () => {
  it("a target exactly at its limit is stopped in at most 5 % of runs, however often one looks", () => {
    const random = seededRandom(11);
    const runs = 1_000;
    let stopped = 0;
    let peeked = 0;
    for (let run = 0; run < runs; run++) {
      const rule = new StopRule([{ claim, stop }]);
      let [n, bad, naive, told] = [0, 0, false, false];
      for (let look = 1; look <= 30; look++) {
        for (let i = 0; i < 40; i++) {
          n++;
          if (random.unit() < 0.01) bad++;
        }
        told ||= rule.look(look * 2_000, [tally(n, bad)]) !== null;
        // A rule that tests every look at 5 %.
        naive ||= bad > 0.01 * n + 1.645 * Math.sqrt(n * 0.01 * 0.99);
      }
      if (told) stopped++;
      if (naive) peeked++;
    }
    expect(stopped / runs).toBeLessThanOrEqual(0.05);
    expect(peeked / runs).toBeGreaterThan(0.12);
  });

  it("a dead target is stopped at the first look with evidence, with the counts of that look", () => {
    const rule = new StopRule([{ claim, stop }]);
    expect(rule.look(2_000, [tally(0, 0)])).toBeNull();
    const early = rule.look(4_000, [tally(80, 80)]);
    expect(early).toMatchObject({ claim: "c", on: "evidence", tallies: [{ n: 80, bad: 80 }] });
    expect(early?.sentence).toContain("80 bad of 80 at look 1");
  });

  it("failures that come sooner than answers are no evidence: what is under way may be good", () => {
    const rule = (): StopRule => new StopRule([{ claim, stop }]);
    // A hundred a second whose answers take three seconds, of which a hundredth is refused at once.
    expect(rule().look(2_000, [tally(2, 2)], { c: 198 })).toBeNull();
    expect(rule().look(2_000, [tally(2, 2)])).not.toBeNull();
    const many = rule().look(2_000, [tally(40, 40)], { c: 160, other: 9e6 });
    expect(many?.sentence).toContain("40 bad of 40 and 160 under way at look 1");
    // k6 counts what has ended, and proves nothing.
    const point = new StopRule([{ claim, stop: { ...stop, on: "point" } }]);
    expect(point.look(2_000, [tally(2, 2)], { c: 198 })).toMatchObject({ on: "point" });
  });

  it("no look counts before the delay", () => {
    const rule = new StopRule([{ claim, stop: { ...stop, delayMs: 30_000 } }]);
    expect(rule.look(29_000, [tally(80, 80)])).toBeNull();
    expect(rule.look(30_000, [tally(80, 80)])).not.toBeNull();
  });

  it("for(D) needs every look of D: one good look starts it anew", () => {
    const rule = new StopRule([{ claim, stop: { ...stop, forMs: 4_000 } }]);
    expect(rule.look(2_000, [tally(100, 50)])).toBeNull();
    expect(rule.look(4_000, [tally(100, 50)])).toBeNull();
    expect(rule.look(5_000, [tally(100_000, 50)])).toBeNull();
    expect(rule.look(6_000, [tally(100, 50)])).toBeNull();
    expect(rule.look(8_000, [tally(100, 50)])).toBeNull();
    expect(rule.look(10_000, [tally(100, 50)])).not.toBeNull();
  });

  it("k6's rule stops on two of a hundred and says that nothing is proven", () => {
    const rule = new StopRule([{ claim, stop: { ...stop, on: "point" } }]);
    expect(rule.look(2_000, [tally(100, 1)])).toBeNull();
    expect(rule.look(4_000, [tally(100, 2)])).toMatchObject({ on: "point" });
    const proof = new StopRule([{ claim, stop }]);
    expect(proof.look(4_000, [tally(100, 2)])).toBeNull();
  });

  it("a figure past its limit stops by k6's rule, and only while it is past it", () => {
    const isPast = (tallies: readonly SampleTally[], elapsedMs: number): boolean =>
      elapsedMs > 3_000 && (tallies[0]?.n ?? 0) > 10;
    const figure = { id: "c", confidence: 0.95 };
    const rule = new StopRule([{ claim: figure, stop: { ...stop, on: "point" }, isPast }]);
    expect(rule.look(2_000, [tally(20, 0)])).toBeNull();
    expect(rule.look(4_000, [tally(9, 9)])).toBeNull();
    const early = rule.look(6_000, [tally(20, 0)]);
    expect(early).toMatchObject({ claim: "c", on: "point" });
    expect(early?.sentence).toContain("nothing is proven");
    expect(new StopRule([{ claim: figure, stop }]).look(6_000, [tally(20, 20)])).toBeNull();
  });

  it("counts of several scenarios add up, those of other claims do not", () => {
    const rule = new StopRule([{ claim, stop }]);
    const other = { ...tally(100, 100), claim: "other" };
    expect(rule.look(2_000, [other])).toBeNull();
    expect(rule.look(4_000, [tally(50, 5), tally(50, 5)])).not.toBeNull();
  });
});
