import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { lintReport } from "./lint.ts";

const root = new URL("../../../../test/corpus/reports/fixtures/", import.meta.url);
const read = (name: string): Uint8Array => readFileSync(new URL(name, root));

function expectations(): [string, string[]][] {
  const parsed: unknown = JSON.parse(readFileSync(new URL("expected.json", root), "utf8"));
  if (typeof parsed !== "object" || parsed === null) throw new TypeError("no object of files");
  return Object.entries(parsed).map(([name, rules]) => [
    name,
    Array.isArray(rules) ? rules.map(String) : [],
  ]);
}

const files = expectations();
const clean = files.filter(([name]) => name.startsWith("clean/"));

it("the corpus has at least 90 reports, half of them clean and no fewer than 50, and lists each", () => {
  const found = ["clean", "broken"].flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, root)).map((name) => `${folder}/${name}`),
  );
  expect(files.map(([name]) => name).toSorted()).toEqual(found.toSorted());
  expect(files.length).toBeGreaterThanOrEqual(90);
  expect(clean.length).toBeGreaterThanOrEqual(50);
  expect(clean.length * 2).toBeGreaterThanOrEqual(files.length);
});

it.each(clean)("%s has no finding", (name) => {
  const result = lintReport(name, read(name));
  expect(result.findings).toEqual([]);
  expect(result.exit).not.toBe(1);
  expect(result.coverage.lines).toBeGreaterThan(1);
});

it.each(files.filter(([name]) => name.startsWith("broken/")))("%s is found out", (name, rules) => {
  const result = lintReport(name, read(name));
  expect([...new Set(result.findings.map((one) => one.rule))].toSorted()).toEqual(rules.toSorted());
  expect(result.exit === 1).toBe(result.findings.some((one) => one.level === "contradiction"));
});

it("a clean report says how much of it was compared", () => {
  const { coverage, exit } = lintReport("clean/nightly-suites.md", read("clean/nightly-suites.md"));
  expect(exit).toBe(0);
  expect(coverage.figuresChecked).toBe(coverage.figuresRead);
  expect(coverage.notUnderstoodCount).toBe(0);
});
