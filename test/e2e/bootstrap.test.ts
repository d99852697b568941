import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readWorkflow, scriptOf } from "../architecture/workflow.ts";
import { notTested } from "../integration/machine.ts";
import { soleVerdict, skipUnlessReady } from "../integration/readiness.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const hostNode = "/usr/bin/node";
const hasHostNode = existsSync(hostNode);
if (!hasHostNode) notTested("a clean clone under the host's Node", `no ${hostNode}`);

/** A clone in which only the host's Node is on PATH, as on a newcomer's machine. */
function cleanClone(): string {
  const dir = join(mkdtempSync(join(tmpdir(), "loadline-clone-")), "clone");
  execFileSync("git", ["clone", "-q", root, dir]);
  return dir;
}

/** Every format of the verdict, as files of the bundle. */
const views = [
  "report.html",
  "report.md",
  "report.json",
  "junit.xml",
  "results.sarif",
  "results-github.sarif",
  "ctrf.json",
  "statements.intoto.jsonl",
];

/** Runs a step of the shipped workflow as a code host does, with the outputs of the step before. */
function runStep(cwd: string, word: string, outputs: Readonly<Record<string, string>>) {
  const step = readWorkflow().steps.find((one) => one.includes(word)) ?? "";
  const script = scriptOf(step).replaceAll(
    /\$\{\{ steps\.validate\.outputs\.(\w+)[^}]*\}\}/g,
    (_all, name: string) => outputs[name] ?? "",
  );
  const summary = join(cwd, ".loadline", "summary.md");
  writeFileSync(summary, "");
  const env = { HOME: tmpdir(), ...hostPath, GITHUB_STEP_SUMMARY: summary };
  const argv = ["--noprofile", "--norc", "-eo", "pipefail", "-c", script];
  const { status } = spawnSync("bash", argv, { cwd, env, stdio: "ignore", timeout: 100_000 });
  return { status, summary: readFileSync(summary, "utf8") };
}

/** What the install before kept of the network, but for which it is a newcomer's. */
const npmCache = execFileSync("npm", ["config", "get", "cache"], { encoding: "utf8" }).trim();
const hostPath = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };

describe("a clean clone", () => {
  it.runIf(hasHostNode)(
    "installs itself by the README's command, does the main job under the host's older Node, leaves git clean, and its bundle goes through the steps of the shipped workflow [R2-55]",
    (context) => {
      const cwd = cleanClone();
      const env = { HOME: tmpdir(), ...hostPath, npm_config_cache: npmCache };
      const readme = readFileSync(join(cwd, "README.md"), "utf8");
      expect(readme).toMatch(/^## Run\n[^#]*^```\nnpm start\n```$/m);
      expect(readme).toContain("`npm start -- --once` stops after the verdict");
      const argv = ["start", "--", "--once", "--port", "0"];
      const start = spawnSync("npm", argv, { cwd, env, encoding: "utf8" });
      expect(start.stderr).toContain("bootstrap: installing");
      const verdict = soleVerdict(cwd);
      expect(start.stdout).toMatch(
        new RegExp(`^${verdict.outcome} +exit ${verdict.exitCode}`, "m"),
      );
      expect(start.status).toBe(verdict.exitCode);
      const status = execFileSync("git", ["status", "--porcelain"], { cwd, encoding: "utf8" });
      expect(status).toBe("");
      const again = spawnSync(hostNode, ["scripts/bootstrap.mjs"], { cwd, env, encoding: "utf8" });
      expect(again.stderr).toBe("");
      expect(again.status).toBe(0);

      // The workflow that ships begins with that command; its other steps do their part with the run.
      const run = join(".loadline", "runs", readdirSync(join(cwd, ".loadline", "runs"))[0] ?? "");
      const outputs = { run, code: String(verdict.exitCode) };
      const rendered = runStep(cwd, "loadline verify", outputs);
      expect(rendered.status).toBe(0);
      for (const view of views) expect(existsSync(join(cwd, run, view)), view).toBe(true);
      expect(rendered.summary).toContain(verdict.outcome);
      expect(runStep(cwd, "the verdict is the gate", outputs).status).toBe(verdict.exitCode);
      expect(runStep(cwd, "the verdict is the gate", { run, code: "2" }).status).toBe(2);
      skipUnlessReady(context, verdict);
    },
  );
});
