import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { emptyDir, runDirOf } from "../integration/cli-process.ts";
import { soleVerdict, skipUnlessReady } from "../integration/readiness.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** An empty folder in which the packed tarball is installed, as a user installs it. */
function installed(): string {
  const cwd = mkdtempSync(join(tmpdir(), "loadline-pack-"));
  execFileSync("npm", ["run", "-s", "build"], { cwd: root, stdio: "ignore" });
  execFileSync(process.execPath, [join(root, "scripts/pack.mjs"), cwd], { stdio: "ignore" });
  const tarball = readdirSync(cwd).find((name) => name.endsWith(".tgz")) ?? "";
  writeFileSync(join(cwd, "package.json"), '{ "private": true }');
  const flags = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  execFileSync("npm", ["install", ...flags, join(cwd, tarball)], { cwd, stdio: "ignore" });
  return cwd;
}

/** A copy of a bundle in which one record says another time. */
function tampered(runDir: string): string {
  const copy = join(emptyDir(), "copy");
  cpSync(runDir, copy, { recursive: true });
  const path = join(copy, "evidence.jsonl");
  const lines = readFileSync(path, "utf8").split("\n");
  const other = (_all: string, digit: string): string => `"mono":${digit === "9" ? 8 : 9}`;
  lines[3] = (lines[3] ?? "").replace(/"mono":(\d)/, other);
  writeFileSync(path, lines.join("\n"));
  return copy;
}

describe("the packed tarball", () => {
  it("installed in an empty folder does the main job without CUDA's packages: it serves, validates itself, leaves a bundle that verify agrees with, and names the first bad record of a tampered copy", (context) => {
    const cwd = installed();
    const addons = readdirSync(join(cwd, "node_modules", "@node-llama-cpp"));
    expect(addons.filter((name) => /cuda|vulkan/.test(name))).toEqual([]);
    const loadline = (...argv: readonly string[]) =>
      spawnSync("npx", ["loadline", ...argv], { cwd, encoding: "utf8" });

    const up = loadline("up", "--once", "--port", "0");
    expect(up.stderr).toMatch(/serving http:\/\/127\.0\.0\.1:\d+ after \d+ ms/);
    const verdict = soleVerdict(cwd);
    expect(up.stdout).toMatch(new RegExp(`^${verdict.outcome} +exit ${verdict.exitCode}`));
    expect(up.status).toBe(verdict.exitCode);
    // Nothing serves any more, so no line says how to ask it.
    expect(up.stdout).not.toContain("curl ");
    const keyFile = join(cwd, ".loadline", "local.key");
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(up.stdout + up.stderr).not.toContain(readFileSync(keyFile, "utf8").trim());

    expect(loadline("verify", ".loadline/runs/latest").status).toBe(0);
    const copy = join(emptyDir(), "copy");
    cpSync(runDirOf(cwd), copy, { recursive: true });
    expect(loadline("verify", copy).status).toBe(0);
    const bad = loadline("verify", tampered(runDirOf(cwd)));
    expect(bad.status).toBe(1);
    expect(bad.stdout).toContain("first bad record: 3");
    skipUnlessReady(context, verdict);
  });
});
