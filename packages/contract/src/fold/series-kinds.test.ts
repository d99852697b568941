import { describe, expect, test } from "vitest";
import { makeClaim, spread, startRun, type TestRun } from "../../test/support.ts";
import type { Claim } from "../claim.ts";
import type { ClaimVerdict } from "../report-model.ts";
import { keyedRandom } from "../statistics/bootstrap.ts";
import { joinVerdicts } from "./join.ts";

const avg = makeClaim({ id: "avg", kind: "mean", limit: 120, unit: "ms" });
const rate = makeClaim({ id: "rate", kind: "mean", limit: 20, unit: "1/s", side: "above" });
const worse = makeClaim({ id: "worse", kind: "comparison", limit: 0.1, unit: "ratio" });

function judge(claim: Claim, act: (run: TestRun) => void): ClaimVerdict {
  const run = startRun([claim]);
  act(run);
  run.end();
  const [found] = run.fold().claims;
  if (found === undefined) throw new Error("no claim");
  return found;
}

const short = ({ verdict, reason }: ClaimVerdict): string => `${verdict} ${reason ?? "-"}`;

function means(level: number, slices = 40, unit = "ms") {
  const random = keyedRandom("means");
  const rows = Array.from({ length: slices }, () => [10, 10 * (level + 10 * (random() - 0.5))]);
  return { stream: "stream", part: "all", unit, slices: rows };
}

function addMeans(claim: Claim, level: number, slices = 40): (run: TestRun) => void {
  return (run) => {
    const data = means(level, slices, claim.unit);
    run.add({ kind: "sample.means", claims: [claim.id], data });
    run.close();
  };
}

/** `pairs` triples: A, A again at `drift` of it, B at `times` of it, with noise of a few per cent. */
function addBlocks(o: { times: number; drift?: number; pairs?: number }): (run: TestRun) => void {
  return (run) => {
    const random = keyedRandom("blocks");
    const noise = (): number => 1 + 0.06 * (random() - 0.5);
    const blocks = Array.from({ length: o.pairs ?? 100 }, () => [
      100 * noise(),
      100 * (o.drift ?? 1) * noise(),
      100 * o.times * noise(),
    ]);
    const data = { stream: "stream", part: "all", unit: "ms", blocks };
    run.add({ kind: "sample.blocks", claims: [worse.id], data });
    run.close();
  };
}

describe("mean", () => {
  test("an interval wholly inside passes, wholly outside fails, around the limit decides nothing", () => {
    expect(short(judge(avg, addMeans(avg, 100)))).toBe("passed -");
    expect(short(judge(avg, addMeans(avg, 140)))).toBe("failed limit");
    expect(short(judge(avg, addMeans(avg, 120)))).toBe("inconclusive interval");
  });

  test("a rate keeps above its limit", () => {
    expect(short(judge(rate, addMeans(rate, 40)))).toBe("passed -");
    expect(short(judge(rate, addMeans(rate, 10)))).toBe("failed limit");
  });

  test("29 slices are too few however clear they look", () => {
    expect(short(judge(avg, addMeans(avg, 10, 29)))).toBe("inconclusive too_short");
  });

  test("slices of another unit, and malformed ones, are no evidence", () => {
    const other = judge(avg, (run) => {
      run.add({ kind: "sample.means", claims: ["avg"], data: means(0.1, 40, "s") });
      run.close();
    });
    expect(short(other)).toBe("error evidence");
    const broken = judge(avg, (run) => {
      const data = { ...means(100), slices: [[-1, 5]] };
      run.add({ kind: "sample.means", claims: ["avg"], data });
      run.close();
    });
    expect(short(broken)).toBe("error evidence");
  });

  test("an open sample is not tested, a silent one is an error", () => {
    const open = judge(avg, (run) => {
      run.add({ kind: "sample.means", claims: ["avg"], data: means(100) });
    });
    expect(short(open)).toBe("not_tested cancelled");
    expect(short(judge(avg, (run) => void run.close()))).toBe("error silent");
  });
});

describe("comparison", () => {
  test("equal passes, 20 % worse fails, at the edge decides nothing", () => {
    expect(short(judge(worse, addBlocks({ times: 1 })))).toBe("passed -");
    expect(short(judge(worse, addBlocks({ times: 1.2 })))).toBe("failed limit");
    expect(short(judge(worse, addBlocks({ times: 1.1 })))).toBe("inconclusive interval");
  });

  test("a baseline that differs from itself takes the pass and the failure away", () => {
    expect(short(judge(worse, addBlocks({ times: 1, drift: 1.05 })))).toBe("inconclusive noise");
    expect(short(judge(worse, addBlocks({ times: 1.5, drift: 0.9 })))).toBe("inconclusive noise");
  });

  test("99 triples are too few, `min` may ask for fewer", () => {
    expect(short(judge(worse, addBlocks({ times: 1, pairs: 99 })))).toBe("inconclusive too_short");
    const few = { ...worse, min: 20 };
    expect(short(judge(few, addBlocks({ times: 1, pairs: 20 })))).toBe("passed -");
  });

  test("a figure of 0 or less is malformed: it has no logarithm", () => {
    const found = judge(worse, (run) => {
      const data = { stream: "stream", part: "all", unit: "ms", blocks: [[1, 0, 1]] };
      run.add({ kind: "sample.blocks", claims: ["worse"], data });
      run.close();
    });
    expect(short(found)).toBe("error evidence");
  });
});

describe("tumbling windows and least samples", () => {
  const parts = ["w1", "w2", "w3", "w4"];
  const windows = makeClaim({ id: "w", kind: "proportion", target: 0.95, over: 60_000, parts });

  const fill = (bads: readonly number[]) => (run: TestRun) => {
    bads.forEach((bad, index) => {
      const part = parts[index] ?? "";
      run.tally("w", { part, n: 100, bad, slices: spread(100, bad) });
      run.close(part);
    });
  };

  test("every window passes at a: one undecided window keeps the claim from passing", () => {
    expect(short(judge(windows, fill([0, 0, 0, 0])))).toBe("passed -");
    expect(short(judge(windows, fill([0, 3, 0, 0])))).toBe("inconclusive interval");
  });

  test("one of four windows fails at a quarter of a: 10 bad of 100 refute 95 % alone, not here", () => {
    const alone = { ...windows, parts: ["w1"] };
    expect(short(judge(alone, fill([10])))).toBe("failed limit");
    expect(judge(windows, fill([10, 0, 0, 0])).verdict).toBe("inconclusive");
    expect(short(judge(windows, fill([14, 0, 0, 0])))).toBe("failed limit");
  });

  test("a window without a request is not tested", () => {
    const found = judge(windows, fill([0, 0, 0]));
    expect(joinVerdicts(found.verdict, "passed")).toBe("not_tested");
  });

  test("fewer samples than `min` decide nothing", () => {
    const least = makeClaim({ id: "w", kind: "proportion", target: 0.95, min: 500 });
    const found = judge(least, (run) => {
      run.tally("w", { n: 400, bad: 0, slices: spread(400, 0) });
      run.close();
    });
    expect(short(found)).toBe("inconclusive too_short");
  });
});

describe("waived guards", () => {
  const success = makeClaim({ id: "s", kind: "proportion", target: 0.95 });

  function withGuard(waived: unknown): ClaimVerdict {
    return judge(success, (run) => {
      run.add({
        kind: "guard",
        data: {
          guard: "guard.load.sent",
          holds: false,
          invalidates: "both",
          kinds: ["proportion"],
          streams: ["*"],
          reason: "gaps",
          seen: "90 of 100 sent.",
          waived,
        },
      });
      run.tally("s", { n: 200, bad: 0, slices: spread(200, 0) });
      run.close();
    });
  }

  const waiver = { owner: "ops", reason: "a shared runner", expires: "2026-04-12" };

  test("a waiver by name lets the verdict stand and is said beside it, to the end of its day", () => {
    const found = withGuard(waiver);
    expect(short(found)).toBe("passed -");
    expect(found.sentence).toContain("Waived: guard.load.sent (ops, until 2026-04-12: a shared");
  });

  test("an expired waiver, or one without owner, reason or day, waives nothing", () => {
    expect(short(withGuard({ ...waiver, expires: "2026-04-11" }))).toBe("inconclusive gaps");
    for (const broken of [
      undefined,
      {},
      { ...waiver, owner: "" },
      { ...waiver, expires: "never" },
    ]) {
      expect(short(withGuard(broken))).toBe("inconclusive gaps");
    }
  });
});
