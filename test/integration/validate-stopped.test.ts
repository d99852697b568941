import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ReferenceTarget,
  startReferenceTarget,
} from "../../packages/testkit/src/reference-target/index.ts";
import { repositoryRoot } from "../architecture/tree.ts";
import {
  claimsThat,
  emptyDir,
  type Ended,
  evidenceOf,
  runCli,
  runDirOf,
  verdictOf,
} from "./cli-process.ts";
import { notTested } from "./machine.ts";

const main = join(repositoryRoot, "packages/cli/src/main.ts");
let target: ReferenceTarget;
beforeAll(async () => void (target = await startReferenceTarget()));
afterAll(() => target[Symbol.asyncDispose]());

/** A folder with a plan whose load lasts for long enough to be stopped in it. */
function place(): string {
  const cwd = emptyDir();
  const load = { ratePerSecond: 20, durationSeconds: 30, warmupSeconds: 1 };
  const plan = { target: { url: `${target.url}/v1`, model: "reference" }, load };
  writeFileSync(join(cwd, "plan.yaml"), JSON.stringify(plan));
  return cwd;
}

const validate = ["validate", "--plan", "plan.yaml", "--json"];

/** Validates, and sends `signal` once the load is under way. */
function stopped(cwd: string, signal: NodeJS.Signals): Promise<Ended> {
  let isSent = false;
  return runCli(cwd, validate, {
    onErr: (text, kill) => {
      if (isSent || !/stage=load state=running due=[1-9]/.test(text)) return;
      isSent = true;
      kill(signal);
    },
  });
}

/** Ids of the stages and probes that ended, in the order of the records. */
const endedIn = (runDir: string): string[] =>
  evidenceOf(runDir)
    .split("\n")
    .filter((line) => /"kind":"(stage\.ended|sample\.closed)"/.test(line))
    .map(
      (line) => /"stream":"([^"]+)"/.exec(line)?.[1] ?? /"stage":"([^"]+)"/.exec(line)?.[1] ?? "",
    );

describe("a validation that is stopped in its load", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "by %s ends with 130 and a bundle that verifies: what was seen is kept, the rest is not tested [R2-50]",
    async (signal) => {
      const cwd = place();
      const ended = await stopped(cwd, signal);
      expect([ended.code, ended.err]).toEqual([130, expect.stringContaining("stopping")]);
      const verdict = verdictOf(ended);
      expect(verdict.outcome).toBe("NOT_PROVEN");
      expect(claimsThat(verdict, "passed")).toContain("openai.chat");
      const cut = verdict.claims.filter(({ id }) => id.startsWith("load."));
      expect(cut.length).toBeGreaterThan(1);
      for (const claim of cut) expect(claim.verdict, claim.id).not.toMatch(/^(passed|failed)$/);
      expect((await runCli(cwd, ["verify", runDirOf(cwd)])).code).toBe(0);
    },
    120_000,
  );

  it("by SIGKILL leaves evidence that is incomplete and no verdict; resumed, its probes are not asked again and its chain goes on [R2-50]", async () => {
    const cwd = place();
    const ended = await stopped(cwd, "SIGKILL");
    expect(ended.code).toBeNull();
    const cut = runDirOf(cwd);
    expect(existsSync(join(cut, "verdict.json"))).toBe(false);
    const looked = await runCli(cwd, ["verify", cut]);
    expect([looked.code, looked.out]).toEqual([2, expect.stringContaining("LL_VERIFY_CHAIN")]);
    const before = evidenceOf(cut);
    expect(endedIn(cut)).toContain("probe.openai.chat");

    const resumed = await runCli(cwd, ["validate", "--resume", cut, "--json"]);
    expect(resumed.code, resumed.err).toBe(2);
    const verdict = verdictOf(resumed);
    // What was being measured when the process died is not measured again, and nothing of it passes.
    expect(verdict.outcome).toBe("NOT_PROVEN");
    expect(claimsThat(verdict, "passed")).toContain("openai.chat");
    const runs = join(cwd, ".loadline", "runs");
    const whole = readdirSync(runs).filter((name) => name.endsWith("-r001"));
    expect(whole.length).toBe(1);
    const after = join(runs, whole[0] ?? "");
    const kept = before.slice(0, before.lastIndexOf("\n") + 1);
    expect(evidenceOf(after).startsWith(kept)).toBe(true);
    expect(endedIn(after).filter((id) => id === "probe.openai.chat")).toHaveLength(1);
    expect(evidenceOf(cut)).toBe(before);
    expect((await runCli(cwd, ["verify", after])).code).toBe(0);
  }, 120_000);
});

/** Whether this user may mount a file system of a given size in a namespace of its own. */
const mounts = spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "none", "/mnt"]);
const isMounting = mounts.status === 0;
if (!isMounting) notTested("a full disk", "no tmpfs in a mount namespace of our own");

/** Validates with a state directory of so many KiB; what is on that disk at the end is kept. */
function onDisk(cwd: string, kib: number) {
  const state = join(cwd, "state");
  mkdirSync(state);
  const script = `mount -t tmpfs -o size=${kib}k none "$1"; shift; "$@"; code=$?; cp -r state kept; exit $code`;
  const argv = ["--mount", "--propagation", "private", "sh", "-c", script, "sh", state];
  const command = [process.execPath, main, ...validate, "--skip", "load", "--state", "state"];
  return spawnSync("unshare", [...argv, ...command], { cwd, encoding: "utf8", timeout: 100_000 });
}

describe.runIf(isMounting)("a validation whose disk is full", () => {
  it("in the middle of its evidence ends with 3 and says where; what is there is incomplete, and goes on elsewhere", async () => {
    const cwd = place();
    const ended = onDisk(cwd, 64);
    expect([ended.status, ended.stdout]).toEqual([3, ""]);
    expect(ended.stderr).toContain("LL_RUN_WRITE");
    expect(ended.stderr).toContain("ENOSPC");
    const runs = join(cwd, "kept", "runs");
    const [name = ""] = readdirSync(runs).filter((one) => /^\d/.test(one));
    const cut = join(runs, name);
    expect((await runCli(cwd, ["verify", cut])).code).toBe(2);
    const text = readFileSync(join(cut, "evidence.jsonl"), "utf8");
    expect(text.split("\n").length).toBeGreaterThan(10);

    cpSync(cut, join(cwd, "moved"), { recursive: true });
    const resumed = await runCli(cwd, ["validate", "--resume", "moved", "--json"]);
    expect(resumed.code, resumed.err).toBe(2);
    expect(claimsThat(verdictOf(resumed), "passed")).toContain("openai.chat");
    // None was asked a second time that had been closed.
    const closed = endedIn(runDirOf(cwd)).filter((id) => id.startsWith("probe.openai.chat"));
    expect(closed).toEqual([...new Set(closed)]);
  }, 120_000);

  it("with room for the evidence and none for the verdict ends with 3, and passes nothing", async () => {
    const cwd = place();
    const ended = onDisk(cwd, 92);
    expect([ended.status, ended.stdout]).toEqual([3, ""]);
    expect(ended.stderr).toContain("LL_RUN_WRITE");
    const runs = join(cwd, "kept", "runs");
    const [name = ""] = readdirSync(runs).filter((one) => /^\d/.test(one));
    expect((await runCli(cwd, ["verify", join(runs, name)])).code).not.toBe(0);
  }, 120_000);
});
