import { describe, expect, it } from "vitest";
import { lintReport } from "../lint.ts";

const rulesOf = (text: string): string[] =>
  lintReport("report.md", new TextEncoder().encode(text))
    .findings.filter(({ level }) => level === "contradiction")
    .map(({ rule }) => rule);

const table = (...rows: readonly string[]): string => {
  const [head = "", ...body] = rows;
  const bar = head.replaceAll(/[^|]+/g, "---");
  return `${[head, bar, ...body].join("\n")}\n`;
};

describe("figures beside no name of what they are of", () => {
  it.each([
    ["sum", "Passed: 10, Failed: 0, Skipped: 2, Total: 10", "Passed: 10, Failed: 0, Total: 10"],
    ["sum", "Total: 12, Passed: 10, Failed: 1", "Total: 11, Passed: 10, Failed: 1"],
    ["sum", "- Tests run: 12; Passed: 12; Failures: 1", "- Tests run: 13; Passed: 12; Failures: 1"],
    ["sum", "PASSED 12 / FAILED 1 / TOTAL 12", "PASSED 12 / FAILED 1 / TOTAL 13"],
    ["sum", "API: 12 tests, 12 passed, 1 failed", "API: 13 tests, 12 passed, 1 failed"],
    [
      "ratio",
      "Requests: 1000, Errors: 20, Error rate: 0.2 %",
      "Requests: 1000, Errors: 20, Error rate: 2 %",
    ],
    [
      "ratio",
      "Total requests: 1000, failed: 20 (error rate 0.2 %)",
      "Total requests: 1000, failed: 20 (error rate 2 %)",
    ],
  ])("%s: the counts of one line are held against each other: %s", (rule, wrong, right) => {
    expect(rulesOf(`${wrong}\n`)).toEqual([rule]);
    expect(rulesOf(`${right}\n`)).toEqual([]);
  });

  it.each([
    ["sum", "| Total | Passed | Failed |", "| 10 | 9 | 2 |", "| 11 | 9 | 2 |"],
    ["sum", "| Passed | Failed | Total |", "| 9 | 2 | 10 |", "| 9 | 2 | 11 |"],
    ["ratio", "| Passed | Failed | Success rate |", "| 9 | 1 | 95 % |", "| 9 | 1 | 90 % |"],
    [
      "range",
      "| p50 | p95 | p99 |",
      "| 500 ms | 300 ms | 900 ms |",
      "| 200 ms | 300 ms | 900 ms |",
    ],
  ])("%s: a table of figures alone has no column of names: %s", (rule, head, wrong, right) => {
    expect(rulesOf(table(head, wrong))).toEqual([rule]);
    expect(rulesOf(table(head, right))).toEqual([]);
  });

  it("figures behind a slash are of no name but their place", () => {
    expect(rulesOf("Passed / Failed: 12 / 1, Total: 13, Error rate: 7.7 %\n")).toEqual([]);
  });

  it("what does not apply is a part of the total", () => {
    const counts = "Total: 20, Passed: 15, Failed: 1";
    expect(rulesOf(`${counts}, Not applicable: 4\n`)).toEqual([]);
    expect(rulesOf(`${counts}, Not applicable: 5\n`)).toEqual(["sum"]);
  });

  it("a column of codes with a total below them names its rows", () => {
    const codes = ["| Error | Count |", "| 404 | 10 |", "| 500 | 3 |"];
    expect(rulesOf(table(...codes, "| Total | 14 |"))).toEqual(["sum"]);
    expect(rulesOf(table(...codes, "| Total | 13 |"))).toEqual([]);
  });

  it("a column of numbers that are no counts still names its rows", () => {
    const head = "| Users | p50 | p95 |";
    expect(rulesOf(table(head, "| 5 | 10 ms | 20 ms |", "| 20 | 40 ms | 30 ms |"))).toEqual([
      "range",
    ]);
    expect(rulesOf(table(head, "| 5 | 10 ms | 20 ms |", "| 20 | 40 ms | 90 ms |"))).toEqual([]);
  });

  it.each([
    ["- Load: 10 min\n- Chaos: 15 min\n- Total: 20 min", ["duration"]],
    ["- Load: 10 min\n- Chaos: 15 min\n- Total: 25 min", []],
    ["Load: 10 min\nChaos: 900 s\nTotal: 0.5 h", ["duration"]],
    ["Load: 10 min\nChaos: 1200 s\nTotal: 0.5 h", []],
    // At once, in part, or of another kind: no sum.
    ["- Load: 10 min\n- Chaos: 15 min (in parallel)\n- Total: 15 min", []],
    ["- DNS: 10 ms\n- Connect: 20 ms\n- Total: 100 ms", []],
    ["- Load: 10 min\n- Longest wait: 15 min\n- Total: 10 min", []],
    ["- Load: 10 min\n- Tests: 15\n- Total: 12 min", []],
    ["- Load: 3 h\n- Chaos: 4 h\n- Total downtime: 1 h", []],
    ["- Uptime: 3 h\n- RTO: 4 h\n- Total: 5 h", []],
    ["- Load: 30 min\n- Of which warm-up: 5 min\n- Total: 30 min", []],
  ])("the stages of a list come to its total: %s", (text, rules) => {
    expect(rulesOf(`${text}\n`)).toEqual(rules);
  });
});
