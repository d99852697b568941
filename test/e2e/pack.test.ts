import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { soleVerdict, skipUnlessReady } from "../integration/readiness.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

describe("the packed tarball", () => {
  it("installed in an empty folder does the main job, without CUDA's packages", (context) => {
    const cwd = mkdtempSync(join(tmpdir(), "loadline-pack-"));
    execFileSync("npm", ["run", "-s", "build"], { cwd: root, stdio: "ignore" });
    execFileSync(process.execPath, [join(root, "scripts/pack.mjs"), cwd], { stdio: "ignore" });
    const tarball = readdirSync(cwd).find((name) => name.endsWith(".tgz")) ?? "";
    writeFileSync(join(cwd, "package.json"), '{ "private": true }');
    const flags = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
    execFileSync("npm", ["install", ...flags, join(cwd, tarball)], { cwd, stdio: "ignore" });
    const addons = readdirSync(join(cwd, "node_modules", "@node-llama-cpp"));
    expect(addons.filter((name) => /cuda|vulkan/.test(name))).toEqual([]);
    const argv = ["loadline", "up", "--once", "--port", "0"];
    const up = spawnSync("npx", argv, { cwd, encoding: "utf8" });
    const verdict = soleVerdict(cwd);
    expect(up.stdout).toMatch(new RegExp(`^${verdict.outcome} +exit ${verdict.exitCode}`));
    expect(up.status).toBe(verdict.exitCode);
    const verify = spawnSync("npx", ["loadline", "verify", ".loadline/runs/latest"], { cwd });
    expect(verify.status).toBe(0);
    skipUnlessReady(context, verdict);
  });
});
