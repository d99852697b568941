import { describe, expect, it } from "vitest";
import { treeRules } from "./rules/index.ts";
import { importsOf } from "./rules/imports.ts";
import { readTree, repositoryRoot, show } from "./tree.ts";

describe("the repository", () => {
  const tree = readTree(repositoryRoot);

  it("is read whole: every package, page and script is seen", () => {
    const folders = new Set(tree.paths.map((path) => path.split("/").slice(0, 2).join("/")));
    for (const name of ["kit", "contract", "gateway", "validator", "console", "cli", "testkit"]) {
      expect(folders).toContain(`packages/${name}`);
    }
    expect(tree.paths).toContain("package.json");
    expect(tree.paths.some((path) => path.includes("/fixtures/"))).toBe(false);
  });

  it.each(treeRules.map((rule) => [rule.id, rule] as const))("%s holds", (_id, rule) => {
    expect(rule.check(tree).map(show)).toEqual([]);
  });
});

describe("importsOf", () => {
  it("sees static, side-effect, type, re-exported and dynamic imports with their lines", () => {
    const text = [
      'import { a } from "./a.ts";',
      'import "./b.ts";',
      'import type { C } from "./c.ts";',
      'export { d } from "./d.ts";',
      "import {",
      "  e,",
      '} from "./e.ts";',
      'const f = await import("./f.ts");',
    ].join("\n");
    expect(importsOf(text).map((found) => [found.specifier, found.typeOnly, found.line])).toEqual([
      ["./a.ts", false, 1],
      ["./b.ts", false, 2],
      ["./c.ts", true, 3],
      ["./d.ts", false, 4],
      ["./e.ts", false, 7],
      ["./f.ts", false, 8],
    ]);
  });
});
