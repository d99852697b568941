import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Facts, layouts } from "./layouts.fixture.ts";
import { lintReport } from "./lint.ts";

const findingsOf = (text: string) => lintReport("report", new TextEncoder().encode(text)).findings;

interface Suite {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const names = ["API", "Login flow", "Search", "Billing", "Exports", "Streaming"];
const suite = fc.record({
  passed: fc.integer({ min: 1, max: 400 }),
  failed: fc.integer({ min: 0, max: 30 }),
  skipped: fc.integer({ min: 0, max: 30 }),
});

const totalOf = (one: Suite): number => one.passed + one.failed + one.skipped;
const rateOf = (one: Suite): string => `${((100 * one.passed) / totalOf(one)).toFixed(1)} %`;

function rowOf(name: string, one: Suite): string[] {
  return [name, ...[totalOf(one), one.passed, one.failed, one.skipped].map(String), rateOf(one)];
}

function tableOf(suites: readonly Suite[]): string[][] {
  const total = suites.reduce((sum, one) => ({
    passed: sum.passed + one.passed,
    failed: sum.failed + one.failed,
    skipped: sum.skipped + one.skipped,
  }));
  return [...suites.map((one, i) => rowOf(names[i] ?? "Other", one)), rowOf("Total", total)];
}

const columns = ["Suite", "Tests", "Passed", "Failed", "Skipped", "Pass rate"];
const factsOf = (rows: readonly (readonly string[])[]): Facts => ({
  title: "Results",
  columns,
  rows,
});

/** One cell made wrong by at least one; a rate by at least two points. */
function mutate(rows: readonly (readonly string[])[], pick: number, by: number): string[][] {
  const row = pick % rows.length;
  const column = 1 + (Math.floor(pick / rows.length) % 5);
  return rows.map((cells, i) =>
    cells.map((cell, j) => {
      if (i !== row || j !== column) return cell;
      if (column < 5) return String(Number(cell) + by);
      const rate = Number(cell.replace(" %", ""));
      return `${(rate > 50 ? rate - 1 - by : rate + 1 + by).toFixed(1)} %`;
    }),
  );
}

describe.each(layouts)("in the layout $name", ({ write }) => {
  it("counts that add up are never contradicted", () => {
    fc.assert(
      fc.property(fc.array(suite, { minLength: 2, maxLength: 6 }), (suites) => {
        expect(findingsOf(write(factsOf(tableOf(suites))))).toEqual([]);
      }),
      { numRuns: 60, seed: 11 },
    );
  });

  it("at least 95 of 100 planted slips are found", () => {
    let planted = 0;
    let caught = 0;
    fc.assert(
      fc.property(
        fc.array(suite, { minLength: 2, maxLength: 6 }),
        fc.nat(1_000),
        fc.integer({ min: 1, max: 9 }),
        (suites, pick, by) => {
          planted += 1;
          const found = findingsOf(write(factsOf(mutate(tableOf(suites), pick, by))));
          if (found.some((one) => one.level === "contradiction")) caught += 1;
        },
      ),
      { numRuns: 100, seed: 12 },
    );
    expect(caught / planted).toBeGreaterThanOrEqual(0.95);
  });
});

it("the same facts in another layout give the same findings", () => {
  fc.assert(
    fc.property(
      fc.array(suite, { minLength: 2, maxLength: 6 }),
      fc.nat(1_000),
      fc.integer({ min: 1, max: 9 }),
      (suites, pick, by) => {
        const facts = factsOf(mutate(tableOf(suites), pick, by));
        const told = layouts.map(({ write }) =>
          findingsOf(write(facts))
            .map((one) => `${one.rule} ${one.level} ${one.message} ${one.recomputed}`)
            .toSorted((a, b) => Number(a > b) - Number(a < b)),
        );
        for (const one of told) expect(one).toEqual(told[0]);
      },
    ),
    { numRuns: 60, seed: 13 },
  );
});

const verdicts: Facts = {
  title: "Checks",
  columns: ["Check", "Target", "Measured", "Status"],
  rows: [
    ["p95 latency", "< 200 ms", "250 ms", "PASS"],
    ["Error rate", "< 1 %", "0.4 %", "PASS"],
    ["Availability", "> 99.5 %", "99.7 %", "PASS"],
  ],
};

it.each(layouts)("a missed target marked PASS is found in the layout $name", ({ write }) => {
  expect(findingsOf(write(verdicts)).map((one) => one.rule)).toEqual(["miss"]);
});
