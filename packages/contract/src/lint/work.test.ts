import { expect, it } from "vitest";
import { readReport } from "./facts/read-report.ts";
import { readBlocks } from "./read/read-blocks.ts";
import { lintRules } from "./rules/table.ts";
import type { Report } from "./types.ts";

const table = (head: string, ...rows: readonly string[]): string =>
  [head, head.replaceAll(/[^|]/g, "-"), ...rows, "", ""].join("\n");

/** Reports of `n` repeated parts, in which many of one kind may meet many of another. */
const reports: Record<string, (n: number) => string> = {
  "summaries and tables": (n) =>
    (
      "Summary: 30 tests, 29 passed, 1 failed.\n\n" +
      table("| Suite | Tests | Passed | Failed |", "| A | 20 | 19 | 1 |", "| B | 12 | 12 | 0 |")
    ).repeat(n),
  "all passed and tables of verdicts": (n) =>
    `All tests passed.\n\n${table("| Check | Status |", "| x | PASS |")}`.repeat(n),
  "all passed in sections of one title": (n) =>
    `# A\n\n## B\n\nAll tests passed.\n\n${table("| Check | Status |", "| x | PASS |")}`.repeat(n),
  "shares and tables of verdicts": (n) =>
    `1 of 2 checks passed.\n\n${table("| Check | Status |", "| x | PASS |", "| y | FAIL |")}`.repeat(
      n,
    ),
  "sample counts and percentiles": (n) =>
    `Samples: 400\n\n${table("| Route | Time |", "| p99 | 3 ms |")}`.repeat(n),
  "sample counts that are too small": (n) =>
    `Samples: 40\n\n${table("| Route | Time |", "| p99 | 3 ms |")}`.repeat(n),
  "totals in one table of counts": (n) =>
    table("| Suite | Tests | Passed |", ..."| x | 3 | 2 |,| Total | 3 | 2 |,".repeat(n).split(",")),
  "totals in one table of times": (n) =>
    table(
      "| Stage | Team | Duration |",
      ..."| x | a | 3 s |,| Total | | 4 s |,".repeat(n).split(","),
    ),
  "averages in one table of scores": (n) =>
    table("| Area | Team | Score |", ..."| x | a | 70 |,| Average | | 80 |,".repeat(n).split(",")),
  "total times over one table of stages": (n) =>
    "Total duration: 30 min\n\n".repeat(n) +
    table("| Stage | Team | Duration |", ..."| x | a | 4 min |,".repeat(n).split(",")),
  "overall scores over one table": (n) =>
    "Overall score: 94\n\n".repeat(n) +
    table("| Area | Team | Score |", ..."| x | a | 70 |,".repeat(n).split(",")),
  "one row of many rates": (n) =>
    "| passed | 3 |\n| failed | 2 |\n| rate | 50 % |\n| total | 5 |\n".repeat(n),
  "one item with many verdicts": (n) =>
    `- [x] Backup restore\n\n${table("| Check | Status |", "| Backup restore | FAIL |")}`.repeat(n),
  ...Object.fromEntries(
    lintRules.map(({ id, saboteur }) => [
      `saboteur of ${id}`,
      (n: number) => `${saboteur.text}\n`.repeat(n),
    ]),
  ),
};

/** The report, each of whose grids, rows, fields and statements counts what is read of it. */
function counted(report: Report, read: () => void): Report {
  const watch = <T extends object>(one: T): T =>
    new Proxy(one, {
      get(target, key) {
        read();
        return Reflect.get(target, key) as unknown;
      },
    });
  const grids = report.grids.map((grid) => {
    const rows = grid.rows.map((row) => watch({ ...row, fields: row.fields.map(watch) }));
    return watch({ ...grid, rows });
  });
  return { ...report, grids, statements: report.statements.map(watch) };
}

/** What each rule reads of a report and what it notes. */
function workOf(text: string): Map<string, number> {
  const report = readReport(readBlocks(text), text);
  return new Map(
    lintRules.map((rule) => {
      let reads = 0;
      const { checked, findings, comparisons } = rule.run(counted(report, () => void (reads += 1)));
      return [rule.id, reads + checked.length + findings.length + comparisons];
    }),
  );
}

it.each(Object.keys(reports))(
  "what each rule reads grows no faster than the report: %s",
  (name) => {
    const make = reports[name] ?? (() => "");
    const small = workOf(make(30));
    const large = workOf(make(120));
    // Four times the report: linear is 4, every one with every other 16.
    const steep = [...large].filter(([id, work]) => work > 5 * (small.get(id) ?? 0) + 200);
    expect(steep).toEqual([]);
  },
);

it("a table with more figures than one call takes is read to its end", () => {
  const text = table(
    "| A | Tests | Duration | Score |",
    "| x | 3 | 4 s | 80 |",
    "| Total | 5 | 5 s | 90 |",
  );
  const { grids, ...report } = readReport(readBlocks(text), text);
  const long = grids.map(({ rows: [row, total], ...grid }) => ({
    ...grid,
    rows: [...Array.from({ length: 150_000 }, () => row), total].filter((one) => one !== undefined),
  }));
  const found = lintRules
    .filter(({ id }) => ["sum", "duration", "mean", "range"].includes(id))
    .flatMap((rule) => rule.run({ ...report, grids: long }).findings)
    .map(({ rule, recomputed }) => `${rule}: ${recomputed}`);
  expect(found).toEqual(["sum: 450000", "duration: 166.6667 h", "range: 80 to 80"]);
});
