import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
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

const hostPath = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };

describe("a clean clone", () => {
  it.runIf(hasHostNode)(
    "installs itself by the README's command, does the main job under the host's older Node, and leaves git clean [R2-55]",
    (context) => {
      const cwd = cleanClone();
      const env = { HOME: tmpdir(), ...hostPath };
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
      skipUnlessReady(context, verdict);
    },
  );
});
