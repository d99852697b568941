import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ReferenceTarget,
  startReferenceTarget,
} from "../../packages/testkit/src/reference-target/index.ts";
import { eventually } from "../../packages/testkit/src/eventually.ts";
import { loadlineMain } from "./bundle.ts";
import { claimsThat, emptyDir, evidenceOf, runCli, runDirOf, verdictOf } from "./cli-process.ts";
import { isAlive } from "./workers/serving.ts";

const clock = systemClock();

/** Whether a process was given this word. */
const isNamed = (word: string): boolean =>
  readdirSync("/proc").some((name) => {
    const file = `/proc/${name}/cmdline`;
    return /^\d+$/.test(name) && wordsIn(file).includes(word);
  });

/** None of a process that is gone. */
function wordsIn(file: string): string[] {
  try {
    return readFileSync(file, "latin1").split("\0");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause) return [];
    throw cause;
  }
}

describe("stopping loadline load", () => {
  let target: ReferenceTarget;
  beforeAll(async () => void (target = await startReferenceTarget({ delayMs: 5 })));
  afterAll(() => target[Symbol.asyncDispose]());

  function planFolder(more = "", { url } = target): string {
    const cwd = emptyDir();
    writeFileSync(
      join(cwd, "plan.yaml"),
      `load:
  target: { baseUrl: "${url}" }
  ${more}
  scenarios:
    s: { executor: constant-arrival-rate, rate: 100, duration: 60s, steps: [{ name: x, http: /x }] }
  thresholds: { response_time: ["p(95)<2s"] }
`,
    );
    return cwd;
  }

  it("Ctrl-C once: exit 130 and never READY, what was under way ends, n is what was sent, the bundle verifies", async () => {
    await target.reset();
    const cwd = planFolder();
    let isSent = false;
    const ended = await runCli(cwd, ["load", "plan.yaml", "--json"], {
      onErr: (text, kill) => {
        if (isSent || !/due=[1-9]/.test(text)) return;
        isSent = true;
        kill("SIGINT");
      },
    });
    expect(ended.code).toBe(130);
    const verdict = verdictOf(ended);
    expect(claimsThat(verdict, "failed")).toEqual([]);
    // Whatever half a run shows, the run as a whole shows nothing.
    expect(verdict.outcome).toBe("NOT_PROVEN");
    const seen = (await target.truth()).requests["/x"] ?? 0;
    expect(seen).toBeGreaterThan(0);
    expect(seen).toBeLessThan(6000);
    // What was under way is waited for, and n is what was due until then: one went before the load.
    const claim = verdict.claims.find(({ id }) => id === "all.response_time.p95");
    expect(claim).toMatchObject({ n: seen - 1, bad: 0 });
    expect(evidenceOf(runDirOf(cwd))).toContain("load.slice");
    expect((await runCli(cwd, ["verify", runDirOf(cwd)])).code).toBe(0);
    // Nothing is sent by anybody after the process ended.
    expect((await target.truth()).requests["/x"]).toBe(seen);
  });

  it.each([1, 2])(
    "Ctrl-C again, of %i processes: it ends at once with 130, though what is under way would take a minute; nothing is decided",
    async (processes) => {
      const hanging = await startReferenceTarget({ delayMs: 5 });
      const cwd = planFolder(`processes: ${processes}`, hanging);
      let end: (() => void) | null = null;
      const running = runCli(cwd, ["load", "plan.yaml"], {
        onErr: (text, kill) => {
          if (end !== null || !/due=[1-9]/.test(text)) return;
          end = () => kill("SIGINT");
          void hanging.configure({ delayMs: 60_000 });
        },
      });
      let isEnded = false;
      void running.then(() => (isEnded = true));
      // Nobody is answered any more, so that every request opens a connection.
      const isUnderWay = async (): Promise<boolean> =>
        end !== null && (await hanging.truth()).connections > 20;
      await eventually(clock, isUnderWay, 60_000);
      // Again and again: what comes within half a second of the first is the same key.
      const isOver = (): boolean => {
        if (!isEnded) end?.();
        return isEnded;
      };
      await eventually(clock, isOver, 25_000);
      process.kill(hanging.pid, "SIGKILL");
      const { code, err } = await running;
      expect([code, err]).toEqual([
        130,
        expect.stringContaining("stopping; what was seen is kept"),
      ]);
      // Neither a verdict nor a closing record: that is said, and nothing passes by it.
      expect(existsSync(join(runDirOf(cwd), "verdict.json"))).toBe(false);
      expect((await runCli(cwd, ["verify", runDirOf(cwd)])).code).toBe(2);
    },
    120_000,
  );

  it("a comparison is sent by the command alone, block after block; Ctrl-C ends it with 130 and a bundle that verifies", async () => {
    await target.reset();
    const cwd = emptyDir();
    const sides = [target.url, target.slowerUrl];
    let isSent = false;
    const ended = await runCli(cwd, ["load", "compare", ...sides, "--get", "/x", "--rate", "50"], {
      onErr: (text, kill) => {
        // A frame stands for a block that ended.
        if (isSent || !/due=[1-9]/.test(text)) return;
        isSent = true;
        kill("SIGINT");
      },
    });
    expect([ended.code, ended.err]).toEqual([130, expect.stringContaining("stopping")]);
    // One request of the preflight for each side, then a block of 55.
    expect((await target.truth()).requests["/x"]).toBeGreaterThanOrEqual(2 + 55);
    expect((await runCli(cwd, ["verify", runDirOf(cwd)])).code).toBe(0);
  }, 60_000);

  it("Ctrl-C that npm passes on a second time is one: exit 130, and a bundle that verifies", async () => {
    const cwd = planFolder();
    let count = 0;
    const ended = await runCli(cwd, ["load", "plan.yaml"], {
      onErr: (text, kill) => {
        if (count > 1 || !/due=[1-9]/.test(text)) return;
        count = 2;
        kill("SIGINT");
        kill("SIGINT");
      },
    });
    expect(ended.code).toBe(130);
    expect((await runCli(cwd, ["verify", runDirOf(cwd)])).code).toBe(0);
  });

  it.each(["SIGKILL", "SIGINT"] as const)(
    "by %s, again where it goes on: the tool that it drives does not outlive it",
    async (signal) => {
      const cwd = emptyDir();
      const told = join(cwd, "pid");
      const text = `#!/bin/sh
if [ "$1" = version ]; then echo "k6 v9.9.9 (go)"; exit 0; fi
trap '' INT; echo $$ > ${told}.new; mv ${told}.new ${told}; exec sleep 60
`;
      writeFileSync(join(cwd, "k6"), text, { mode: 0o755 });
      writeFileSync(join(cwd, "s.js"), "");
      const env = { PATH: `${cwd}:${process.env["PATH"] ?? ""}` };
      const child = spawn(process.execPath, [loadlineMain, "load", "drive", "k6", "s.js"], {
        cwd,
        env: { ...process.env, ...env },
        stdio: "ignore",
      });
      await eventually(clock, () => existsSync(told), 60_000);
      const pid = Number(readFileSync(told, "utf8"));
      // Who ends it with the command was told its group.
      await eventually(clock, () => isNamed(String(pid)), 60_000);
      const ended = once(child, "exit");
      let isOver = false;
      void ended.then(() => (isOver = true));
      const again = (): boolean => isOver || !child.kill(signal);
      await eventually(clock, again, 25_000);
      await eventually(clock, () => !isAlive(pid), 25_000);
    },
    120_000,
  );
});
