import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { startRecordingTarget } from "../../packages/testkit/src/recording-target/index.ts";
import { startSimulator } from "../../packages/testkit/src/simulator/index.ts";
import { describe, expect, it } from "vitest";
import { repositoryRoot } from "../architecture/tree.ts";
import { claimsThat, emptyDir, runCli, verdictOf } from "./cli-process.ts";
import { decidable, skipIfOpen, skipUnlessPassed } from "./readiness.ts";

const example = (name: string): string => join(repositoryRoot, "examples/load", name);
const model = { clock: systemClock(), model: "tiny", apiKey: "k1", ttftMs: 5 } as const;
const env = { LOADLINE_API_KEY: "k1" };

describe("examples/load", () => {
  it.for<readonly [string, readonly string[]]>([
    ["chat.yaml", ["all.response_time.p95", "all.sse.ttft_open.p95", "all.checks.rate"]],
    ["conversation.ts", ["all.turn.ttft.p95", "all.checks.says-something.rate"]],
  ])(
    "%s proves its claims against a model that answers, and its bundle verifies [R4-17]",
    async ([name, claims], context) => {
      await using simulator = await startSimulator(model);
      const cwd = emptyDir();
      const argv = ["load", example(name), "--target", simulator.baseUrl, "--json"];
      const ended = await runCli(cwd, argv, { env });
      const verdict = verdictOf(ended);
      expect(claimsThat(verdict, "failed")).toEqual([]);
      const open = verdict.claims.filter((one) => one.verdict !== "passed");
      expect(ended.code, ended.err).toBe(open.length === 0 ? 0 : 2);
      const ids = verdict.claims.map(({ id }) => id);
      expect(ids).toEqual(expect.arrayContaining([...claims, "load.errors", "load.alive"]));
      expect(ended.out + ended.err).not.toContain("k1");
      expect((await runCli(cwd, ["verify", ".loadline/runs/latest"])).code).toBe(0);
      skipUnlessPassed(context, verdict, ids);
    },
  );

  it("chat.yaml proves its claims against `loadline serve` with a key of its own", async (context) => {
    const cwd = emptyDir();
    const created = await runCli(cwd, ["keys", "create", "--name", "load"]);
    const key = /ll_local_\w+/.exec(created.out)?.[0] ?? "";
    let load: ReturnType<typeof runCli> | undefined;
    const serving = await runCli(cwd, ["serve", "--port", "0"], {
      onErr: (text, kill) => {
        const url = /serving (http:\/\/127\.0\.0\.1:\d+)/.exec(text)?.[1];
        if (url === undefined || load !== undefined) return;
        const argv = ["load", example("chat.yaml"), "--target", `${url}/v1`, "--json"];
        load = runCli(emptyDir(), argv, { env: { LOADLINE_API_KEY: key } });
        void load.finally(() => kill("SIGTERM"));
      },
    });
    expect(serving.code, serving.err).toBe(0);
    const ended = await load;
    if (ended === undefined) throw new Error(`no load was started: ${serving.err}`);
    expect(ended.out).not.toContain(key);
    const verdict = verdictOf(ended);
    skipUnlessPassed(context, verdict, ["load.alive", "load.errors", "load.checks"]);
  });

  it("a model that answers nobody, all 401, fails the example's claims: none passes", async (context) => {
    await using simulator = await startSimulator({ ...model, apiKey: "other" });
    const argv = ["load", example("chat.yaml"), "--target", simulator.baseUrl, "--json"];
    const ended = await runCli(emptyDir(), argv, { env });
    const verdict = verdictOf(ended);
    expect(claimsThat(verdict, "passed").filter((id) => id !== "load.checks")).toEqual([]);
    expect(ended.code).toBe(verdict.exitCode);
    const all = ["load.alive", "load.checks"];
    expect(claimsThat(verdict, "failed")).toEqual(
      expect.arrayContaining(decidable(verdict, ["load.alive"])),
    );
    skipIfOpen(context, verdict, all);
    expect(ended.code).toBe(1);
    expect(claimsThat(verdict, "passed")).toEqual(["load.checks"]);
  });

  it("a target without the route is an error of the contract, never a failure of its speed", async () => {
    await using target = await startRecordingTarget(() => ({ status: 404 }));
    const argv = ["load", example("chat.yaml"), "--target", target.url, "--json"];
    const ended = await runCli(emptyDir(), argv, { env });
    const verdict = verdictOf(ended);
    expect(claimsThat(verdict, "passed").concat(claimsThat(verdict, "failed"))).toEqual([]);
    expect(verdict.claims.map(({ reason }) => reason)).toContain("probe_contract");
    expect(ended.code).not.toBe(0);
    // One request per step of the plan, and no load.
    expect(target.seen.length).toBeLessThan(6);
  });

  it("a plan with a typo sends nothing and exits 78, naming path, line and the nearest key", async () => {
    const cwd = emptyDir();
    writeFileSync(
      join(cwd, "plan.yaml"),
      'load:\n  target: { baseUrl: "http://127.0.0.1:9" }\n  scenarois: {}\n',
    );
    const ended = await runCli(cwd, ["load", "plan.yaml"]);
    expect(ended.code).toBe(78);
    expect(ended.err).toMatch(
      /LL_LOAD_PLAN_INVALID .*load\.scenarois: unknown key\. Did you mean "scenarios"\? \(.*plan\.yaml:3\)/s,
    );
  });
});
