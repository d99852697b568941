import { readTraceparent } from "@loadline/kit/tracing";
import { describe, expect, it } from "vitest";
import { startRecordingTarget } from "../../../../testkit/src/recording-target/index.ts";
import { planFolder, ran } from "../plan/run.fixture.ts";
import type { LoadPlan } from "../types.ts";
import { targetBase } from "./target-base.ts";

const baseUrl = "http://127.0.0.1:9";
const plan = (target: Partial<LoadPlan["target"]>, more: Partial<LoadPlan> = {}): LoadPlan => ({
  target: { baseUrl, ...target },
  seed: 7,
  scenarios: {},
  limits: [],
  ...more,
});

/** Headers by name; one that is said twice has both values. */
function headersOf(one: LoadPlan): Record<string, string> {
  const { headers } = targetBase(one, new URL(one.target.baseUrl));
  const all: Record<string, string> = {};
  for (let i = 0; i < headers.length; i += 2) {
    const [name = "", value = ""] = headers.slice(i, i + 2);
    all[name] = name in all ? `${all[name]}, ${value}` : value;
  }
  return all;
}

describe("what every request to a target begins with", () => {
  it("says whose it is, asks for no compression, and names its run and a trace of it", () => {
    const { traceparent = "", ...said } = headersOf(plan({}, { runId: "run-1" }));
    expect(said).toEqual({
      host: "127.0.0.1:9",
      "user-agent": "loadline",
      "accept-encoding": "identity",
      "x-loadline-run": "run-1",
    });
    // Nothing of the generator's is recorded: a target that follows it does not trace every request.
    expect(readTraceparent(traceparent)?.isSampled).toBe(false);
    expect(headersOf(plan({}, { runId: "run-1" }))["traceparent"]).toBe(traceparent);
    expect(headersOf(plan({}, { runId: "run-2" }))["traceparent"]).not.toBe(traceparent);
  });

  it("says once what the plan says itself", () => {
    const own = { "User-Agent": "mine", traceparent: "00-x" };
    const said = headersOf(plan({ headers: own }, { runId: "run-1" }));
    expect(said).toMatchObject({ "User-Agent": "mine", traceparent: "00-x" });
    expect(said).not.toHaveProperty("user-agent");
  });

  it("is said once where a request says it itself, by steps and modules alike", async () => {
    await using target = await startRecordingTarget();
    using folder = planFolder();
    const own = '{ traceparent: "00-x", "X-Loadline-Run": mine, User-Agent: me }';
    folder.write(
      "own.ts",
      "export const own = async (vu) => void (await vu.http.get('/m', { headers: { traceparent: '00-x', 'X-Loadline-Run': 'mine', 'User-Agent': 'me' } }));",
    );
    const once = "executor: shared-iterations, iterations: 1";
    const file = await folder.compile(`load:
  target: { baseUrl: "${target.url}" }
  scenarios:
    s: { ${once}, steps: [{ http: { path: /s, headers: ${own} } }] }
    t: { ${once}, steps: [{ http: { method: GET, path: /t, headers: { traceparent: "00-\${iteration}" } } }] }
    m: { ${once}, exec: "./own.ts#own" }
`);
    await ran(file.plan);
    const headersAt = (path: string) => target.seen.find((one) => one.path === path)?.headers;
    const said = { traceparent: "00-x", "x-loadline-run": "mine", "user-agent": "me" };
    for (const path of ["/s", "/m"]) expect(headersAt(path)).toMatchObject(said);
    expect(headersAt("/t")?.["traceparent"]).toMatch(/^00-\d+$/);
  });

  it("is the same in hooks, in the one request before load and in the load, drawn where nobody named it", async () => {
    await using target = await startRecordingTarget();
    using folder = planFolder();
    folder.write(
      "hook.ts",
      "export const setup = async (vu) => void (await vu.http.get('/setup'));",
    );
    const file = await folder.compile(`load:
  target: { baseUrl: "${target.url}" }
  setup: "./hook.ts#setup"
  scenarios:
    s: { executor: shared-iterations, iterations: 2, steps: [{ http: /step }] }
`);
    for (const runId of ["20261123T031500Z-0a1b2c3d", undefined]) {
      const from = target.seen.length;
      await ran({ ...file.plan, ...(runId !== undefined && { runId }) }, { probe: true });
      const seen = target.seen.slice(from);
      expect(seen.map(({ path }) => path)).toEqual(["/setup", "/step", "/step", "/step"]);
      const names = [...new Set(seen.map(({ headers }) => headers["x-loadline-run"]))];
      expect(names).toEqual([runId ?? expect.stringMatching(/^[0-9a-f]{32}$/)]);
      expect(new Set(seen.map(({ headers }) => headers["traceparent"])).size).toBe(1);
    }
  });
});
