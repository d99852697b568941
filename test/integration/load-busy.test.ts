import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readVerdict, type VerdictDocument } from "@loadline/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ReferenceTarget,
  startReferenceTarget,
} from "../../packages/testkit/src/reference-target/index.ts";
import { repositoryRoot } from "../architecture/tree.ts";
import { claimsThat, emptyDir, runCli, verdictOf } from "./cli-process.ts";
import { brokenGuards, get, limitOf, runScenario } from "./load/run.ts";
import { runTool, type ToolEnd } from "./load/tool.ts";

/** A module whose iterations burn the thread they run on. */
const burner = `export async function burn(vu) {
  const until = performance.now() + 30;
  while (performance.now() < until) Math.sqrt(until);
  await vu.http.get("/x");
}
`;

const broken = (verdict: VerdictDocument): string[] =>
  verdict.guards.filter(({ holds }) => !holds).map(({ guard }) => guard);

describe("a generator that cannot keep up says so", () => {
  let target: ReferenceTarget;
  beforeAll(async () => void (target = await startReferenceTarget()));
  afterAll(() => target[Symbol.asyncDispose]());

  it("a scenario that burns CPU breaks the generator's guards, and no claim fails for it", async () => {
    await target.configure({});
    const cwd = emptyDir();
    writeFileSync(join(cwd, "burn.ts"), burner);
    writeFileSync(
      join(cwd, "plan.yaml"),
      `load:
  target: { baseUrl: "${target.url}" }
  workers: 1
  scenarios:
    s: { executor: constant-arrival-rate, rate: 60, duration: 5s, exec: "./burn.ts#burn" }
  thresholds: { response_time: ["p(90)<50ms"] }
`,
    );
    const verdict = verdictOf(await runCli(cwd, ["load", "plan.yaml", "--json"]));
    const guards = broken(verdict);
    expect(
      guards.some((one) => ["guard.load.cpu", "guard.load.loop", "guard.load.pacer"].includes(one)),
    ).toBe(true);
    // The target is fast: a failure here would be a lie about it.
    expect(claimsThat(verdict, "failed")).toEqual([]);
    expect(verdict.claims.find(({ id }) => id === "all.response_time.p90")).toMatchObject({
      verdict: "inconclusive",
      reason: expect.stringMatching(/generator|noise/),
    });
  });

  it("a queue of one before one connection drops what it cannot hold, and the drops are named", async () => {
    await target.configure({ delayMs: 100 });
    const scenario = {
      executor: "constant-arrival-rate",
      rate: 100,
      durationMs: 2000,
      request: get,
    } as const;
    const limits = [limitOf({ metric: "errors" })];
    const plan = { connectionsMax: 1, queueMax: 1, workers: 1 };
    const run = await runScenario({ baseUrl: target.url, scenario, limits }, plan);
    expect(run.account.due).toBe(200);
    expect(run.account.bad["dropped"]).toBeGreaterThan(100);
    expect(run.account.ok + (run.account.bad["dropped"] ?? 0)).toBe(200);
    expect(run.tallies[0]).toMatchObject({ n: 200, bad: run.account.bad["dropped"] });
    expect(brokenGuards(run)).toContain("guard.load.sent");
  });

  it("with 64 file descriptors a thousand users are refused before the load, or named as local faults", async () => {
    await target.configure({ delayMs: 500 });
    const cwd = emptyDir();
    writeFileSync(
      join(cwd, "plan.yaml"),
      `load:
  target: { baseUrl: "${target.url}" }
  scenarios:
    s: { executor: constant-arrival-rate, rate: 400, duration: 3s, steps: [{ name: x, http: /x }] }
  thresholds: { response_time: ["p(90)<2s"] }
`,
    );
    const { code, out, err } = await withDescriptors(64, cwd, ["load", "plan.yaml", "--json"]);
    if (code === 3) {
      expect(err).toContain("LL_LOAD_FD_LIMIT");
      return;
    }
    const verdict = readVerdict(JSON.parse(out));
    if (verdict === null) throw new Error(err);
    expect(broken(verdict)).toContain("guard.load.local");
    expect(claimsThat(verdict, "passed")).not.toContain("all.response_time.p90");
    expect(claimsThat(verdict, "failed")).not.toContain("all.response_time.p90");
  });
});

/** Runs the command line with fewer descriptors; Node raises a soft limit itself. */
function withDescriptors(limit: number, cwd: string, argv: readonly string[]): Promise<ToolEnd> {
  const main = join(repositoryRoot, "packages/cli/src/main.ts");
  const shell = `ulimit -n ${limit}; exec "$0" "$@"`;
  return runTool("sh", ["-c", shell, process.execPath, main, ...argv], cwd);
}
