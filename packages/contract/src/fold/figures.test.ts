import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeClaim, spread, startRun, type TestRun } from "../../test/support.ts";
import type { Claim } from "../claim.ts";
import type { ClaimVerdict } from "../report-model.ts";
import { readBoundValue, readObservation, readTally } from "./read-data.ts";
import { readBlocks, readMeans } from "./read-series.ts";

const success = makeClaim({ id: "c", kind: "proportion", target: 0.95 });

function judge(claim: Claim, act: (run: TestRun) => void): ClaimVerdict {
  const run = startRun([claim]);
  act(run);
  run.close();
  run.end();
  const [found] = run.fold().claims;
  if (found === undefined) throw new Error("no claim");
  return found;
}

const short = ({ verdict, reason }: ClaimVerdict): string => `${verdict} ${reason ?? "-"}`;

describe("a mean rests on slices that hold values", () => {
  const avg = makeClaim({ id: "c", kind: "mean", limit: 120, unit: "ms" });
  const decide = (slices: readonly (readonly [number, number])[]): ClaimVerdict =>
    judge(avg, (run) => {
      const data = { stream: "stream", part: "all", unit: "ms", slices };
      run.add({ kind: "sample.means", claims: ["c"], data });
    });
  const empty = (count: number): [number, number][] => Array.from({ length: count }, () => [0, 0]);

  test("one slice with values among 39 empty ones proves nothing", () => {
    expect(short(decide([[10, 1_000], ...empty(39)]))).toBe("inconclusive too_short");
  });

  test("29 slices with values and any number of empty ones are too few", () => {
    const filled = Array.from({ length: 29 }, (_, i): [number, number] => [10, 1_000 + (i % 7)]);
    expect(short(decide([...filled, ...empty(60)]))).toBe("inconclusive too_short");
    expect(decide([...filled, ...empty(60)]).n).toBe(29);
  });

  test("slices without any value at all decide nothing", () => {
    expect(short(decide(empty(40)))).toBe("inconclusive too_short");
    expect(short(decide([]))).toBe("inconclusive too_short");
  });
});

describe("bad events by class", () => {
  test("classes add up over the tallies under any name, those of every object too", () => {
    const name = fc.oneof(fc.string(), fc.constantFrom("constructor", "__proto__", "toString"));
    const tally = fc.array(fc.tuple(name, fc.integer({ min: 0, max: 5 })), { maxLength: 4 });
    fc.assert(
      fc.property(fc.array(tally, { minLength: 1, maxLength: 3 }), (tallies) => {
        const sums = new Map<string, number>();
        const found = judge(success, (run) => {
          for (const rows of tallies) {
            const badBy = Object.fromEntries(rows);
            for (const [key, n] of Object.entries(badBy)) sums.set(key, (sums.get(key) ?? 0) + n);
            run.tally("c", { n: 100, bad: 0, badBy });
          }
        });
        const [part] = found.parts;
        const seen = new Map<string, unknown>(Object.entries(part?.badBy ?? {}));
        expect(seen).toEqual(new Map([...sums].map(([key, n]) => [key.toWellFormed(), n])));
      }),
      { numRuns: 100 },
    );
  });
});

describe("monotony of counts", () => {
  test("one bad request more never turns a doubt or a failure into a pass", () => {
    const order = ["failed", "inconclusive", "passed"];
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 600 }), fc.nat(40), (n, bad) => {
        const at = (count: number): number =>
          order.indexOf(
            judge(success, (run) => {
              run.tally("c", { n, bad: count, slices: spread(n, count) });
            }).verdict,
          );
        expect(at(bad + 1)).toBeLessThanOrEqual(at(bad));
      }),
      { numRuns: 60 },
    );
  });

  test("samples without a value are never counted as good", () => {
    for (const open of [1, 5, 59]) {
      const found = judge(success, (run) => {
        run.tally("c", { n: 59, bad: 0, undefined: open });
      });
      expect(short(found), `${open}`).toBe("inconclusive gaps");
    }
    expect(short(judge(success, (run) => void run.tally("c", { n: 59, bad: 0 })))).toBe("passed -");
  });
});

describe("data nobody may trust", () => {
  const plain = { n: 10, bad: 1, undefined: 0, sliceMs: 1_000, slices: [[10, 1]] };

  test.each<[string, Record<string, unknown>]>([
    ["a negative count", { n: -1 }],
    ["half a request", { n: 10.5 }],
    ["more bad than there are", { bad: 11, slices: [] }],
    ["bad and valueless together over n", { bad: 6, undefined: 5, slices: [] }],
    ["rows of another sum", { slices: [[9, 1]] }],
    ["rows of other bad ones", { slices: [[10, 0]] }],
    [
      "a row worse than it is long",
      {
        slices: [
          [0, 1],
          [10, 0],
        ],
      },
    ],
    ["rows without a width", { sliceMs: 0 }],
    ["a text for a row", { slices: ["10,1"] }],
    ["a text for a class", { badBy: { timeout: "1" } }],
    ["a list of classes", { badBy: [1] }],
    ["a limit that is no number", { limitMs: "100" }],
    ["a figure without end", { upperMs: Number.POSITIVE_INFINITY }],
  ])("a tally with %s is malformed", (_, change) => {
    expect(readTally(plain)).not.toBeNull();
    expect(readTally({ ...plain, ...change })).toBeNull();
  });

  test("an observation says true or false, a value lies in its order, a series in its bounds", () => {
    expect(readObservation({ ok: 1 })).toBeNull();
    expect(readObservation({ ok: true, reproduce: ["curl", 7] })).toEqual({ ok: true, seen: "" });
    expect(readBoundValue({ lower: 2, upper: 1, resolution: 0 })).toBeNull();
    expect(readBoundValue({ lower: 1, upper: 2, resolution: -1 })).toBeNull();
    expect(readBoundValue({ lower: 1, upper: Number.NaN, resolution: 0 })).toBeNull();
    expect(readMeans({ unit: "ms", slices: [[1, 2, 3]] })).toBeNull();
    expect(readMeans({ unit: 7, slices: [] })).toBeNull();
    const day = Array.from({ length: 86_401 }, () => [1, 1]);
    expect(readMeans({ unit: "ms", slices: day })).toBeNull();
    expect(readBlocks({ unit: "ms", blocks: [[1, 1, -1]] })).toBeNull();
    expect(readBlocks({ unit: "ms", blocks: [[1, 1]] })).toBeNull();
  });

  test("one malformed record outweighs every good one of its claim", () => {
    const found = judge(success, (run) => {
      run.tally("c", { n: 300, bad: 0 });
      run.tally("c", { n: 10, bad: 11 });
    });
    expect(short(found)).toBe("error evidence");
  });
});

describe("coverage and bounds", () => {
  const routes = makeClaim({ id: "c", kind: "coverage", items: ["chat", "models"] });
  const item = (run: TestRun, name: string, observed: boolean): void =>
    void run.add({
      kind: "item",
      claims: ["c"],
      data: { stream: "stream", part: "all", item: name, observed },
    });

  test("an item nobody declared fills no gap, and one seen false once stays false", () => {
    const foreign = judge(routes, (run) => (item(run, "chat", true), item(run, "files", true)));
    expect(short(foreign)).toBe("not_tested not_run");
    expect(foreign.sentence).toContain("missing: models");
    const twice = judge(routes, (run) => {
      for (const name of ["chat", "models"]) item(run, name, true);
      item(run, "chat", false);
      item(run, "chat", true);
    });
    expect(short(twice)).toBe("failed false");
  });

  test("a coverage of nothing is not tested", () => {
    const none = { ...routes, items: [] };
    expect(short(judge(none, (run) => item(run, "chat", true)))).toBe("not_tested not_run");
  });

  test("one value over the limit refutes a bound even where the sample stays open", () => {
    const claim = makeClaim({ id: "c", kind: "bound", limit: 10, unit: "s", min: 2 });
    const run = startRun([claim]);
    const data = { stream: "stream", part: "all", lower: 11, upper: 12, resolution: 0.1 };
    run.add({ kind: "value", claims: ["c"], data });
    expect(run.fold().claims.map(short)).toEqual(["failed limit"]);
  });

  test("a claim without its limit or target is an error, never a pass", () => {
    for (const kind of ["bound", "proportion", "mean", "comparison"] as const) {
      const found = judge(makeClaim({ id: "c", kind }), (run) => {
        const at = { stream: "stream", part: "all", unit: "" };
        run.tally("c", { n: 100, bad: 0 });
        run.add({
          kind: "value",
          claims: ["c"],
          data: { ...at, lower: 1, upper: 1, resolution: 0 },
        });
        run.add({ kind: "sample.means", claims: ["c"], data: { ...at, slices: [[1, 1]] } });
        run.add({ kind: "sample.blocks", claims: ["c"], data: { ...at, blocks: [[1, 1, 1]] } });
      });
      expect(short(found), kind).toBe("error evidence");
    }
  });
});
