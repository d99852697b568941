import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTree, repositoryRoot, violationsRoot } from "./tree.ts";

interface Said {
  readonly code: string;
  readonly filename: string;
  readonly message: string;
}

const lintSeeds = join(violationsRoot, "lint");
const seeds = readdirSync(lintSeeds);

/** `typescript--no-explicit-any` is the folder of the rule `typescript/no-explicit-any`. */
const ruleOf = (folder: string): string => folder.replace("--", "/");

/** `typescript(no-explicit-any)`, `eslint(no-empty)` and `typescript(TS2322)` as the config names them. */
const ruleSaid = (code: string): string =>
  code
    .replace(/^eslint\((.*)\)$/, "$1")
    .replace(/^typescript\((TS\d+)\)$/, "$1")
    .replace(/^(.*)\((.*)\)$/, "$1/$2");

function lint(root: string): Said[] {
  const run = spawnSync(
    process.execPath,
    [
      join(repositoryRoot, "node_modules/oxlint/bin/oxlint"),
      "--type-aware",
      "--type-check",
      "--format=json",
    ],
    { cwd: root, encoding: "utf8", timeout: 60_000 },
  );
  const answer: unknown = JSON.parse(run.stdout);
  if (typeof answer !== "object" || answer === null || !("diagnostics" in answer)) {
    throw new Error(`the linter answered ${run.stdout.slice(0, 200)} ${run.stderr}`);
  }
  return Array.isArray(answer.diagnostics) ? answer.diagnostics : [];
}

function config(): {
  rules: Record<string, unknown>;
  overrides: { rules: Record<string, unknown> }[];
} {
  return JSON.parse(readFileSync(join(repositoryRoot, ".oxlintrc.json"), "utf8"));
}

describe("the linter with the repository's own configuration", () => {
  const root = mkdtempSync(join(tmpdir(), "loadline-lint-"));
  let said: Said[] = [];

  beforeAll(() => {
    for (const name of [".oxlintrc.json", "tsconfig.json"]) {
      cpSync(join(repositoryRoot, name), join(root, name));
    }
    writeFileSync(join(root, "package.json"), '{ "type": "module" }');
    symlinkSync(join(repositoryRoot, "node_modules"), join(root, "node_modules"));
    for (const seed of seeds) cpSync(join(lintSeeds, seed), root, { recursive: true });
    cpSync(join(violationsRoot, "clean"), root, { recursive: true });
    said = lint(root);
  }, 60_000);

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it.each(seeds)("%s names its planted violation", (seed) => {
    const planted = new Set(readTree(join(lintSeeds, seed)).paths);
    const fired = said.filter((finding) => planted.has(finding.filename));
    expect(fired.map((finding) => ruleSaid(finding.code))).toContain(ruleOf(seed));
  });

  it("finds nothing in the file that breaks no rule", () => {
    const clean = new Set(readTree(join(violationsRoot, "clean")).paths);
    expect(clean.size).toBeGreaterThan(0);
    expect(said.filter((finding) => clean.has(finding.filename))).toEqual([]);
  });

  it("has a planted violation for every rule that the configuration switches on", () => {
    const on = [config(), ...config().overrides].flatMap((part) =>
      Object.entries(part.rules)
        .filter(([, value]) => value !== "off")
        .map(([rule]) => rule),
    );
    const planted = new Set(seeds.map(ruleOf));
    expect([...new Set(on)].filter((rule) => !planted.has(rule))).toEqual([]);
  });

  it("names each restricted global, property, import and vi method by itself", () => {
    const messages = said.map((finding) => finding.message).join("\n");
    const restricted = [
      ..."Date.now performance.now process.hrtime process.env process.exit Math.random".split(" "),
      ..."globalThis.setTimeout globalThis.setInterval".split(" "),
    ];
    for (const name of restricted) expect(messages).toContain(`'${name}' is restricted`);
    for (const name of ["setTimeout", "setInterval", "fetch"]) {
      expect(messages).toContain(`Unexpected use of '${name}'`);
    }
    for (const name of ["node:http", "node:https", "node:http2", "undici"]) {
      expect(messages).toContain(`'${name}' import is restricted`);
    }
    const mocks = said.filter((finding) => finding.code === "vitest(no-restricted-vi-methods)");
    expect(mocks).toHaveLength(3);
  });
});
