import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { treeRules } from "./rules/index.ts";
import { readTree, violationsRoot } from "./tree.ts";

const seedsRoot = join(violationsRoot, "tree");

/** Files of a fixture that only set the scene; every other file of it breaks the rule. */
const scenery = new Set(["packages/gateway/src/providers/acme/index.ts"]);

describe("every rule over the tree", () => {
  it.each(treeRules.map((rule) => [rule.id, rule] as const))(
    "%s names every planted violation",
    (id, rule) => {
      const tree = readTree(join(seedsRoot, id), { withFixtures: true });
      const found = rule.check(tree).map((finding) => finding.path);
      const planted = tree.paths.filter((path) => !scenery.has(path));
      expect(planted.length).toBeGreaterThan(0);
      const missed = planted.filter(
        (path) => !found.some((named) => path === named || path.startsWith(`${named}/`)),
      );
      expect(missed).toEqual([]);
    },
  );

  it("has one folder of planted violations each, and no folder without a rule", () => {
    expect(readdirSync(seedsRoot).sort((a, b) => a.localeCompare(b))).toEqual(
      treeRules.map((rule) => rule.id).sort((a, b) => a.localeCompare(b)),
    );
  });
});
