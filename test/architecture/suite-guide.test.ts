import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { verbs } from "../../packages/cli/src/verbs/table.ts";
import { repositoryRoot } from "./tree.ts";

/** The commands of a suite, by the report that asks for them. */
const commands =
  "quick full locust k6 chaos security backup install check results clean help".split(" ");
/** Their verbs in the design; none stands in the table of verbs before its stage is built. */
const later = { chaos: "chaos", security: "audit", backup: "drill" } as const;

/** Of npm, and of the command itself. */
const bare: readonly string[] = ["install", "help"];

const guide = readFileSync(join(repositoryRoot, "docs/guides/suite.md"), "utf8");
const rows = new Map(
  [...guide.matchAll(/^\| `(\w+)` +\| (.*) \|$/gm)].map(([, name = "", here = ""]) => [name, here]),
);

describe("the guide for who comes from a suite of scripts", () => {
  it("has a row for each of the twelve commands, and no other", () => {
    expect([...rows.keys()]).toEqual(commands);
  });

  it("names a verb for each that is built, and says of the others that they are not", () => {
    const names = verbs.map(({ name }) => name);
    for (const [name, here] of rows) {
      const isBuilt = !Object.keys(later).includes(name);
      expect([name, here.startsWith("not built")]).toEqual([name, !isBuilt]);
      const named = [...here.matchAll(/`loadline ([a-z]+)/g)].map(([, verb = ""]) => verb);
      // `named-commands.test.ts` holds that each can be typed as it is written.
      for (const verb of named) expect(names).toContain(verb);
      if (isBuilt && !bare.includes(name)) expect([name, named.length > 0]).toEqual([name, true]);
    }
    for (const verb of Object.values(later)) expect(names).not.toContain(verb);
  });
});
