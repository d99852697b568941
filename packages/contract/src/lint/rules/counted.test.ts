import { describe, expect, it } from "vitest";
import { lintReport } from "../lint.ts";

const found = (text: string, name = "report.md"): string[] =>
  lintReport(name, new TextEncoder().encode(text)).findings.map(
    ({ rule, message }) => `${rule}: ${message}`,
  );

const table =
  "| Suite | Tests | Passed | Failed |\n|---|---|---|---|\n| API | 31 | 31 | 0 |\n| Store | 12 | 11 | 1 |\n";
const scores = (last: number): string =>
  `| Area | Sept | Oct | Nov | Average |\n|---|---|---|---|---|\n| Store | 70 | 75 | 80 | ${last} |\n`;

describe("a summary in words beside tables that count", () => {
  it.each([
    ["Overall: 42 of 43 tests passed.", []],
    ["Overall: 40 of 43 tests passed.", ["passed"]],
    ["**Total:** 42/44 tests passed", ["in all"]],
    ["Gesamt: 40 von 44 bestanden", ["in all", "passed"]],
    // Of other things, of a part, or of what is still wanted nothing is said.
    ["Overall: 1 of 2 suites passed.", []],
    ["Overall: 3 of 4 drills passed.", []],
    ["Yesterday 40 of 43 tests passed.", []],
    ["Overall: at least 40 of 43 tests must have passed.", []],
    ["Overall: about 40 of 43 tests passed.", []],
    ["Summary of the API suite: 30 of 31 tests passed.", []],
    ["Total for Store: 11 of 12 tests passed.", []],
    ["Overall result: 40 of 43 tests passed.", ["passed"]],
    ["In total, there were 40 of 43 tests passed.", ["passed"]],
  ])("%s", (line, said) => {
    const seen = found(`# Tests of 2026-11-20\n\n${line}\n\n${table}`);
    const own = seen.filter((one) => one.startsWith("sections: the summary has"));
    expect(own.map((one) => /(?:in all|passed)$/.exec(one)?.[0])).toEqual(said);
    expect(seen).toHaveLength(own.length);
  });
});

describe("a summary in words beside what a load counts", () => {
  const load =
    "| Route | Requests | OK | Errors |\n|---|---|---|---|\n| /a | 8000 | 7990 | 10 |\n| /b | 4000 | 4000 | 0 |\n";
  const last =
    "| Suite | Tests | Passed | Failed |\n|---|---|---|---|\n| UI | 3 | 3 | 0 |\n| E2E | 4 | 4 | 0 |\n";
  it.each([
    [`Overall: 5 of 6 passed.\n\n${load}`, 0],
    [`Gesamt: 5 von 6 bestanden\n\n${load.replace("Requests", "Anfragen")}`, 0],
    [`Overall: 49 of 50 tests passed.\n\n${table}\n${last}\n${load}`, 0],
    [`Overall: 49 of 50 passed.\n\n${table}\n${last}\n${load}`, 0],
    [`Overall: 48 of 50 tests passed.\n\n${table}\n${last}\n${load}`, 1],
    [`Overall: 11980 of 12000 requests passed.\n\n${table}\n${load}`, 1],
  ])("is of its checks alone: %j has %i findings", (text, count) => {
    const seen = found(`# Tests of 2026-11-20\n\n${text}`);
    expect(seen.filter((one) => one.startsWith("sections: the summary has"))).toHaveLength(count);
  });
});

describe("an average beside its parts in one row", () => {
  it("of periods lies among them, whatever they weigh", () => {
    expect(found(scores(79))).toEqual([]);
    expect(found(scores(82))).toEqual(["range: the overall 82 lies outside its parts, 70 to 80"]);
  });

  it("of repeats is their plain mean", () => {
    const runs = (mean: number): string[] =>
      found(
        `| Case | Run 1 | Run 2 | Run 3 | Mean |\n|---|---|---|---|---|\n| a | 70 | 75 | 80 | ${mean} |\n`,
      );
    expect(runs(75)).toEqual([]);
    expect(runs(78)).toHaveLength(1);
    expect(runs(78)[0]).toMatch(/^mean: /);
  });

  it("beside columns of another kind is of something else", () => {
    const other =
      "| Route | p50 | Nov | Oct | Average |\n|---|---|---|---|---|\n| a | 7 | 8 | 9 | 70 |\n";
    expect(found(other)).toEqual([]);
  });
});

describe("a total of extremes", () => {
  it.each(["Slowest", "longest stop", "Peak backlog", "H\u00f6chste Dauer"])(
    "in the column %s is no sum",
    (name) => {
      const rows = "| a | 11 s |\n| b | 38 s |\n| all | 38 s |\n";
      expect(found(`| Group | ${name} |\n|---|---|\n${rows}`)).toEqual([]);
    },
  );
});

describe("names and values with their colons below each other", () => {
  it("are read as those without the blanks", () => {
    const lines = [
      "requests : 60",
      "p99 : 812 ms",
      "verdict : APPROVED",
      "open : 2 failing checks, 1 pending",
    ];
    const plain = found(lines.join("\n").replaceAll(" :", ":"), "report.txt");
    const wide = lines.map((line) => line.replace(" :", "        :")).join("\n");
    expect(plain.map((one) => one.split(":")[0]).toSorted()).toEqual(["approved", "small-n"]);
    expect(found(wide, "report.txt")).toEqual(plain);
  });
});
