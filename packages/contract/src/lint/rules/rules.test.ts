import { describe, expect, it } from "vitest";
import { lintReport } from "../lint.ts";
import { lintRules } from "./table.ts";

const lint = (text: string) => lintReport("report", new TextEncoder().encode(text));

describe("every rule has a text it must catch, and the same text made right", () => {
  it.each(lintRules)("$id finds its planted text and nothing else contradicts there", (rule) => {
    const { findings } = lint(rule.saboteur.text);
    const own = findings.filter((one) => one.rule === rule.id);
    expect(own.length).toBeGreaterThanOrEqual(1);
    expect(own.every((one) => one.level === rule.level)).toBe(true);
    const others = findings.filter((one) => one.rule !== rule.id && one.level === "contradiction");
    expect(others).toEqual([]);
  });

  it.each(lintRules)("$id is silent on the clean twin, and so is every other rule", (rule) => {
    expect(lint(rule.saboteur.clean).findings).toEqual([]);
  });

  it.each(lintRules)("$id off leaves its planted text unseen", (rule) => {
    const { findings } = lint(rule.saboteur.text);
    expect(findings.filter((one) => one.rule !== rule.id && one.level === rule.level)).toEqual([]);
  });

  it.each(lintRules)("$id quotes lines that stand in the text", (rule) => {
    const lines = rule.saboteur.text.split("\n").length;
    for (const finding of lint(rule.saboteur.text).findings) {
      expect(finding.quotes.length).toBeGreaterThanOrEqual(2);
      expect(finding.recomputed).not.toBe("");
      for (const quote of finding.quotes) {
        expect(quote.line).toBeGreaterThanOrEqual(1);
        expect(quote.line).toBeLessThanOrEqual(lines);
        expect(quote.text).not.toBe("");
      }
    }
  });
});

it("ids are distinct", () => {
  expect(new Set(lintRules.map((one) => one.id)).size).toBe(lintRules.length);
});

describe("JSON that a report carries", () => {
  it("the members of one object are no parts of what the object before it counts", () => {
    const apart = { rows: [[{ figure: { n: 614 } }], [{ bad: 0, ok: 64 }, "b"]] };
    expect(lint(JSON.stringify(apart)).findings).toEqual([]);
    const mixed = { rows: [[1, { n: 614, bad: 0, ok: 64 }]] };
    expect(lint(JSON.stringify(mixed)).findings.map(({ rule }) => rule)).toEqual(["sum"]);
  });
});

it("a count that another tool holds elsewhere makes no total wrong, and a wrong one stays wrong", () => {
  const row = (total: number): string =>
    `| Suite | Tests | Passed | Failed | Skipped | Flaky | Timed out |\n|---|---|---|---|---|---|---|\n| API | ${total} | 20 | 3 | 4 | 2 | 1 |\n`;
  for (const total of [27, 28, 29, 30]) expect(lint(row(total)).findings).toEqual([]);
  for (const total of [26, 31]) {
    expect(lint(row(total)).findings.map(({ rule }) => rule)).toEqual(["sum"]);
  }
});
