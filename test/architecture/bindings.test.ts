import { describe, expect, it } from "vitest";
import { checklistIds, checklistParts } from "@loadline/contract";
import { bindingsOf, checkIdsOf, readBindings } from "../../scripts/reference/bindings.ts";
import { openRows } from "../../scripts/reference/open-rows.ts";
import { linesMatching, readTree, repositoryRoot } from "./tree.ts";

/** Brackets are put on here, so that this file binds nothing itself. */
const bind = (...ids: readonly string[]): string => `[${ids.join(" ")}]`;

const pagePath = "docs/reference/checklist-bindings.md";

/** Rows that are neither bound nor open, or both, or open without a sentence. */
function misfiled(bound: ReadonlySet<string>, open: Readonly<Record<string, string>>): string[] {
  const known = new Set(checklistIds());
  const rows = checklistIds().filter((id) => bound.has(id) === Object.hasOwn(open, id));
  const wordless = Object.keys(open).filter((id) => !known.has(id) || (open[id] ?? "").length < 15);
  return [...rows, ...wordless];
}

/** Bindings without a row on the page, as text. */
function unlisted(page: string, bindings: ReturnType<typeof bindingsOf>): string[] {
  const rows = page.split("\n");
  return bindings
    .filter(
      ({ id, path }) => !rows.some((row) => row.startsWith(`| ${id} |`) && row.includes(path)),
    )
    .map(({ id, path }) => `${id} of ${path}`);
}

describe("checklist bindings", () => {
  const tree = readTree(repositoryRoot);
  const page = tree.read(pagePath);
  const bindings = readBindings(repositoryRoot);

  it("every id in a title stands in docs/reference/checklist-bindings.md; `npm run docs` writes it", () => {
    expect(bindings.length).toBeGreaterThan(5);
    expect(unlisted(page, bindings)).toEqual([]);
  });

  it("an id that the page lacks is named", () => {
    const planted = bindingsOf("packages/kit/src/a.test.ts", `it("holds ${bind("R0-28")}", f);`);
    expect(unlisted(page, planted)).toEqual(["R0-28 of packages/kit/src/a.test.ts"]);
    const moved = bindings.slice(0, 1).map((b) => ({ ...b, path: "packages/gone.test.ts" }));
    expect(unlisted(page, moved)).toHaveLength(1);
  });

  it("no id in brackets escapes the reader of titles", () => {
    const tests = tree.paths.filter((path) => /\.test\.tsx?$/.test(path));
    const seen = new Set(bindings.map(({ id, path }) => `${id} ${path}`));
    const lost = linesMatching(tree, tests, /\[(R\d-\d{2,3})/, (match) =>
      match[1] === undefined ? undefined : match[1],
    ).filter(({ path, message }) => !seen.has(`${message} ${path}`));
    expect(lost).toEqual([]);
  });

  it("every row of the checklist is bound or says what is missing, never both", () => {
    expect(misfiled(new Set(bindings.map(({ id }) => id)), openRows)).toEqual([]);
  });

  it("a row that is forgotten, listed twice, unknown or without words is named", () => {
    const bound = new Set(checklistIds().slice(2));
    const [first = "", second = "", third = ""] = checklistIds();
    const words = "no such tool is built";
    expect(misfiled(bound, { [first]: words, [second]: words })).toEqual([]);
    expect(misfiled(bound, { [first]: words })).toEqual([second]);
    expect(misfiled(bound, { [first]: words, [second]: words, [third]: words })).toEqual([third]);
    expect(misfiled(bound, { [first]: words, [second]: "later" })).toEqual([second]);
    const strange = ["R9", "01"].join("-");
    expect(misfiled(bound, { [first]: words, [second]: words, [strange]: words })).toEqual([
      strange,
    ]);
  });

  it("every bound id is a row of the checklist", () => {
    const strange = bindings.filter(({ id }) => {
      const [part = "", row = ""] = id.split("-");
      return Number(row) < 1 || Number(row) > (checklistParts[part] ?? 0);
    });
    expect(strange).toEqual([]);
  });
});

describe("the field `checklist` of a check", () => {
  const tree = readTree(repositoryRoot);
  const known = new Set(checklistIds());
  const strangeIn = (text: string): string[] => checkIdsOf(text).filter((id) => !known.has(id));

  it("names rows of the checklist and nothing else", () => {
    const sources = tree.paths.filter(
      (path) => /^packages\/[^/]+\/src\/.*\.ts$/.test(path) && !path.endsWith(".test.ts"),
    );
    const named = sources.flatMap((path) => checkIdsOf(tree.read(path)));
    expect(named.length).toBeGreaterThan(100);
    const strange = sources.flatMap((path) =>
      strangeIn(tree.read(path)).map((id) => `${path} ${id}`),
    );
    expect(strange).toEqual([]);
  });

  it("an id that is none is named, on one line or on several", () => {
    expect(strangeIn(`{ checklist: ["R1-05"] }`)).toEqual([]);
    expect(strangeIn(`{ checklist: ["R1-05", "R1-99"] }`)).toEqual(["R1-99"]);
    expect(strangeIn(`{ checklist: [\n    "r1-05",\n    "R0-01",\n  ],`)).toEqual(["r1-05"]);
  });
});

describe("bindingsOf", () => {
  it("reads one id, several in one bracket and several brackets, of any quote", () => {
    const text = [
      `it("a ${bind("R0-04")}", f);`,
      `it('b, c ${bind("R1-02", "R1-03")}', f);`,
      `it.each(rows)(\`d %s ${bind("R2-01,", "R2-02")} ${bind("R3-40")}\`, f);`,
    ].join("\n");
    expect(bindingsOf("x.test.ts", text).map(({ id, title }) => [id, title])).toEqual([
      ["R0-04", "a"],
      ["R1-02", "b, c"],
      ["R1-03", "b, c"],
      ["R2-01", "d %s"],
      ["R2-02", "d %s"],
      ["R3-40", "d %s"],
    ]);
  });

  it("leaves ids outside of brackets and outside of quoted text alone", () => {
    expect(bindingsOf("x.test.ts", `it("R0-04 alone", f); // ${bind("R0-05")}`)).toEqual([]);
  });
});
