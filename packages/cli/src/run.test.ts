import { mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createTestHost } from "../test/test-host.ts";
import { runCli } from "./run.ts";
import { toolVersion } from "./version.ts";
import { verbs } from "./verbs/table.ts";

const emptyDir = (): string => mkdtempSync(join(tmpdir(), "loadline-cli-"));
const target = ["--target", "http://127.0.0.1:9"];

describe("help", () => {
  it("names every verb, in at most 80 columns, and exits 0", async () => {
    const host = createTestHost(["--help"]);
    expect(await runCli(host)).toBe(0);
    for (const verb of verbs) expect(host.out()).toContain(`  ${verb.name}`);
    for (const line of host.out().split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect(host.err()).toBe("");
  });

  it.each(verbs.map((verb) => verb.name))("%s --help shows one example of itself", async (name) => {
    const host = createTestHost([name, "--help"]);
    expect(await runCli(host)).toBe(0);
    expect(host.out()).toContain(`example: loadline ${name}`);
    for (const line of host.out().split("\n")) expect(line.length).toBeLessThanOrEqual(110);
    const other = createTestHost(["help", name]);
    expect(await runCli(other)).toBe(0);
    expect(other.out()).toBe(host.out());
  });

  it("the version is that of the package", async () => {
    const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
    expect(text).toContain(`"version": "${toolVersion}"`);
    const host = createTestHost(["--version"]);
    expect(await runCli(host)).toBe(0);
    expect(host.out()).toBe(`loadline ${toolVersion}\n`);
  });
});

describe("usage errors", () => {
  it.each([
    [[], "usage: loadline VERB"],
    [["validat"], 'LL_CLI_VERB validat: unknown verb. Did you mean "validate"?'],
    [["up", "--ones"], 'LL_CLI_FLAG --ones: unknown flag. Did you mean "--once"?'],
    [["verify"], "LL_CLI_ARGUMENT BUNDLE is missing."],
    [["keys", "creat"], 'Did you mean "create"?'],
    [["validate"], "LL_CLI_ARGUMENT Give one of --target URL and --plan FILE."],
    [["plan", "--target", "ftp://x"], "LL_CLI_VALUE"],
    [["plan", "--target", "http://u:p@x"], "carries a user or password"],
    [["plan", ...target, "--skip", "lod"], 'Did you mean "load"?'],
    [["clean", "--keep", "-1"], "LL_CLI_VALUE"],
  ])("%j exits 64 and says why on stderr alone", async (argv, message) => {
    const host = createTestHost(argv, { cwd: emptyDir() });
    expect(await runCli(host)).toBe(64);
    expect(host.err()).toContain(message);
    expect(host.out()).toBe("");
  });

  it("hostile text of an argument cannot drive the terminal", async () => {
    const host = createTestHost(["\u001b[2Jup"]);
    expect(await runCli(host)).toBe(64);
    expect(host.err()).not.toContain("\u001b");
  });

  it("a key variable that is not set is a configuration error that names it", async () => {
    const host = createTestHost(["plan", ...target, "--api-key-env", "NO_SUCH_KEY"]);
    expect(await runCli(host)).toBe(78);
    expect(host.err()).toContain("LL_CLI_KEY_MISSING The variable NO_SUCH_KEY is not set.");
  });

  it("a plan file that is not there exits 78 and leaves nothing behind", async () => {
    const cwd = emptyDir();
    const host = createTestHost(["validate", "--plan", "none.yaml"], { cwd });
    expect(await runCli(host)).toBe(78);
    expect(host.err()).toContain("LL_PLAN_FILE");
    expect(readdirSync(cwd)).toEqual([]);
  });
});

describe("plan", () => {
  it("states n and what each claim needs before anything is sent, exit 0", async () => {
    const host = createTestHost(["plan", ...target]);
    expect(await runCli(host)).toBe(0);
    expect(host.out()).toMatch(/load\.chat\.p99 +quantile +\d+ +299 \/ 473 \/ 628/);
    expect(host.out()).toContain("every required claim can be proven");
  });

  it("a stage left out makes its claims unprovable, exit 2", async () => {
    const host = createTestHost(["plan", ...target, "--skip", "load"]);
    expect(await runCli(host)).toBe(2);
    expect(host.out()).toContain("not_tested");
  });

  it("--json is one document on stdout and nothing on stderr", async () => {
    const host = createTestHost(["plan", ...target, "--json"]);
    expect(await runCli(host)).toBe(0);
    const parsed: unknown = JSON.parse(host.out());
    expect(parsed).toMatchObject({ exit: 0, plan: { profile: "quick" } });
    expect(host.err()).toBe("");
  });
});

describe("bundles", () => {
  it("a bundle that is not there exits 78; a folder that is none exits 3", async () => {
    const cwd = emptyDir();
    const missing = createTestHost(["verify", "gone"], { cwd });
    expect(await runCli(missing)).toBe(78);
    expect(missing.err()).toContain("LL_CLI_BUNDLE gone: no such file or folder.");
    mkdirSync(join(cwd, "empty"));
    const host = createTestHost(["verify", "empty", "--json"], { cwd });
    expect(await runCli(host)).toBe(3);
    expect(JSON.parse(host.out())).toMatchObject({ exit: 3 });
  });

  it("latest without a run says so", async () => {
    const cwd = emptyDir();
    mkdirSync(join(cwd, "runs"));
    const host = createTestHost(["verify", "runs/latest"], { cwd });
    expect(await runCli(host)).toBe(78);
    expect(host.err()).toContain("no run in this folder");
  });
});

describe("clean", () => {
  const withRuns = (count: number): string => {
    const cwd = emptyDir();
    for (let index = 0; index < count; index++) {
      const dir = join(cwd, ".loadline", "runs", `2026112${index}T000000Z-aaaa`);
      mkdirSync(dir, { recursive: true });
      writeFileSync(join(dir, "evidence.jsonl"), "x".repeat(1000));
    }
    return cwd;
  };
  const runsOf = (cwd: string): string[] => readdirSync(join(cwd, ".loadline", "runs"));

  it("shows what it would remove and removes nothing", async () => {
    const cwd = withRuns(5);
    const host = createTestHost(["clean", "--keep", "2"], { cwd });
    expect(await runCli(host)).toBe(0);
    expect(host.out().match(/would remove/g)).toHaveLength(3);
    expect(runsOf(cwd)).toHaveLength(5);
  });

  it("with --yes the oldest go and the newest stay", async () => {
    const cwd = withRuns(5);
    expect(await runCli(createTestHost(["clean", "--keep", "2", "--yes"], { cwd }))).toBe(0);
    expect(runsOf(cwd).sort()).toEqual(["20261123T000000Z-aaaa", "20261124T000000Z-aaaa"]);
  });

  it("an empty state directory is no error", async () => {
    const host = createTestHost(["clean", "--json"], { cwd: emptyDir() });
    expect(await runCli(host)).toBe(0);
    expect(JSON.parse(host.out())).toEqual({ kept: 0, removed: false, runs: [] });
  });
});
