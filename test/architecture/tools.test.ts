import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "./tree.ts";

interface Ended {
  readonly code: number | null;
  readonly text: string;
}

describe("a tool of `npm run check` with the repository's own configuration", () => {
  const roots: string[] = [];
  afterAll(() => roots.forEach((root) => rmSync(root, { recursive: true, force: true })));

  /** A small repository of these files, and what the tool says of it. */
  function run(
    tool: string,
    args: readonly string[],
    files: Readonly<Record<string, string>>,
  ): Ended {
    const root = mkdtempSync(join(tmpdir(), "loadline-check-"));
    roots.push(root);
    for (const name of [".oxfmtrc.json", "knip.json", "tsconfig.json"]) {
      cpSync(join(repositoryRoot, name), join(root, name));
    }
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(repositoryRoot, "node_modules", tool), ...args],
      { cwd: root, encoding: "utf8", timeout: 60_000 },
    );
    return { code: status, text: stdout + stderr };
  }

  it("is one of four, none of which may find anything", () => {
    const { scripts } = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8"));
    expect(scripts.check.split(" && ")).toEqual([
      "oxfmt --check",
      "oxlint --type-aware --type-check --deny-warnings",
      "knip",
      "vitest run --project architecture",
    ]);
  });

  describe("oxfmt", () => {
    const format = (text: string): Ended => run("oxfmt/bin/oxfmt", ["--check"], { "a.ts": text });

    it.each([
      ["a quote of the other kind", "export const a = 'b';\n"],
      ["a line of more than 100 columns", `export const a = [${"1_000, ".repeat(20)}1_000];\n`],
      ["a missing semicolon", "export const a = 1\n"],
    ])("refuses %s and names the file", (_what, text) => {
      const ended = format(text);
      expect(ended.code).toBe(1);
      expect(ended.text).toContain("a.ts");
    });

    it("has nothing to say of a file that is in form", () => {
      expect(format('export const a = "b";\n').code).toBe(0);
    });
  });

  describe("knip", () => {
    const kit = { name: "@loadline/kit", type: "module", exports: { "./*": "./src/*/index.ts" } };
    const clean = {
      "package.json": JSON.stringify({ name: "m", private: true, workspaces: ["packages/*"] }),
      "packages/kit/package.json": JSON.stringify(kit),
      "packages/kit/src/noun/index.ts": 'export { noun } from "./noun.ts";\n',
      "packages/kit/src/noun/noun.ts": "export const noun = 1;\n",
    };
    const find = (more: Readonly<Record<string, string>>): Ended =>
      run("knip/bin/knip.js", [], { ...clean, ...more });

    it.each([
      ["a file nobody imports", { "packages/kit/src/noun/dead.ts": "export {};\n" }, "dead.ts"],
      [
        "an export nobody imports",
        { "packages/kit/src/noun/noun.ts": "export const noun = 1;\nexport const spare = 2;\n" },
        "spare",
      ],
      [
        "a dependency nobody imports",
        {
          "packages/kit/package.json": JSON.stringify({
            ...kit,
            dependencies: { "left-over": "1.0.0" },
          }),
        },
        "left-over",
      ],
      [
        "a package that is not listed",
        { "packages/kit/src/noun/noun.ts": 'import "stray";\nexport const noun = 1;\n' },
        "stray",
      ],
      [
        "a file that is not there",
        { "packages/kit/src/noun/noun.ts": 'import "./gone.ts";\nexport const noun = 1;\n' },
        "gone.ts",
      ],
    ])("refuses %s and names it", (_what, seed, named) => {
      const ended = find(seed);
      expect(ended.code).toBe(1);
      expect(ended.text).toContain(named);
    });

    it("has nothing to say of a tree without any", () => {
      expect(find({})).toMatchObject({ code: 0 });
    });
  });
});
