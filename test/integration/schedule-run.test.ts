import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repositoryRoot } from "../architecture/tree.ts";
import { claimsThat, emptyDir, runCli } from "./cli-process.ts";
import { notTested } from "./machine.ts";
import { soleVerdict } from "./readiness.ts";

const flock = "/usr/bin/flock";
const missing = [flock, "/usr/bin/timeout"].filter((path) => !existsSync(path));
if (missing.length > 0) notTested("a crontab line that runs", `${missing.join(", ")} not there`);

/** Checks the objects that are emitted from this plan itself. */
const plan = JSON.stringify({
  stack: { services: { own: { kind: "kubernetes", manifests: ["emitted"] } } },
});

describe("a validation that recurs, emitted from its plan", () => {
  it.skipIf(missing.length > 0)(
    "the crontab line runs as it stands, once at a time, and the objects with the CronJob keep what is checked of any manifest [R2-62]",
    async () => {
      const cwd = emptyDir();
      const [bin, emitted] = [join(cwd, "bin"), join(cwd, "emitted")];
      for (const dir of [bin, emitted]) mkdirSync(dir);
      const main = join(repositoryRoot, "packages/cli/src/main.ts");
      const command = `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`;
      writeFileSync(join(bin, "loadline"), command, { mode: 0o755 });
      writeFileSync(join(cwd, "plan.yaml"), plan);
      const emit = (form: string) => runCli(cwd, ["schedule", form, "--plan", "plan.yaml"]);
      const [job, line] = await Promise.all([emit("cronjob"), emit("cron")]);
      expect([job.code, line.code], job.err + line.err).toEqual([0, 0]);
      writeFileSync(join(emitted, "validate.yaml"), job.out);

      // Five fields of time, then what cron hands to the shell, in a folder that is not this one.
      const words = /^(?:\S+ ){5}(.*)\n$/.exec(line.out)?.[1] ?? "";
      const env = { HOME: cwd, PATH: `${bin}:/usr/bin:/bin` };
      const ran = spawnSync("sh", ["-c", words], { cwd: "/", env, encoding: "utf8" });
      const verdict = soleVerdict(cwd);
      // Nobody declared a cluster to ask, so the run proves what can be read from the objects alone.
      expect([ran.status, verdict.outcome], ran.stderr).toEqual([2, "NOT_PROVEN"]);
      expect(claimsThat(verdict, "failed")).toEqual([]);
      expect(claimsThat(verdict, "passed")).toEqual(
        expect.arrayContaining(
          ["manifests", "references", "resources", "images", "non_root", "secrets"].map(
            (check) => `stack.own.${check}`,
          ),
        ),
      );

      const lock = join(cwd, ".loadline", "schedule-daily-quick.lock");
      const held = spawnSync(flock, ["-n", lock, "sh", "-c", words], { cwd: "/", env });
      expect(held.status).toBe(1);
      expect(soleVerdict(cwd).run).toBe(verdict.run);
    },
  );
});
