import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { builtFrom } from "./built-from.ts";

const one = "1".repeat(40);
const two = "2".repeat(40);
const made: string[] = [];

/** What is said of a folder with these files. */
function saidOf(files: Readonly<Record<string, string>>): string | undefined {
  const dir = mkdtempSync(join(tmpdir(), "ll-commit-"));
  made.push(dir);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  const base = pathToFileURL(`${dir}/`);
  return builtFrom({ packed: new URL("COMMIT", base), repository: new URL(".git/", base) });
}

afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true });
});

describe("the commit of this code", () => {
  it("is the one that lies beside a package, before any repository around it", () => {
    expect(saidOf({ COMMIT: `${one}\n`, ".git/HEAD": two })).toBe(one);
  });

  it("is that of the branch that is checked out, whether it has a file or a line", () => {
    const head = "ref: refs/heads/main\n";
    expect(saidOf({ ".git/HEAD": head, ".git/refs/heads/main": `${one}\n` })).toBe(one);
    const packedRefs = `# pack-refs\n${two} refs/heads/main2\n${one} refs/heads/main\n`;
    expect(saidOf({ ".git/HEAD": head, ".git/packed-refs": packedRefs })).toBe(one);
    expect(saidOf({ ".git/HEAD": `${two}\n` })).toBe(two);
  });

  it.each([
    ["nothing", {}],
    ["a worktree, which is elsewhere", { ".git": "gitdir: /elsewhere" }],
    ["a branch that was never committed to", { ".git/HEAD": "ref: refs/heads/new" }],
    ["a branch that leads outside", { ".git/HEAD": "ref: refs/../../COMMIT2", COMMIT2: one }],
    ["no commit in its file", { COMMIT: "unknown" }],
    ["a folder in the place of a file", { "COMMIT/a": one, ".git/HEAD/a": one }],
  ])("is not known of %s", (_name, files) => {
    expect(saidOf(files)).toBeUndefined();
  });

  it("is git's own HEAD here, where git is", () => {
    const before = gitHead();
    const said = builtFrom();
    expect([before, gitHead()]).toContain(said);
  });
});

function gitHead(): string | undefined {
  const cwd = import.meta.dirname;
  const { status, stdout } = spawnSync("git", ["rev-parse", "HEAD"], { cwd, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}
