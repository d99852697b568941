import { createServer } from "node:https";
import { once } from "node:events";
import { listenOnLoopback } from "@loadline/testkit";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { afterEach, describe, expect, it } from "vitest";
import { startRecordingTarget } from "../../../testkit/src/recording-target/index.ts";
import { selfSigned } from "../../../testkit/src/self-signed/index.ts";
import type { LoadPlan, LoadRequest } from "../load/index.ts";
import { loadJob, removeRuns, runJob, verdictsOf } from "./load-job.fixture.ts";
import { preflightLoad } from "./load-preflight.ts";

afterEach(removeRuns);

const deps = {
  clock: systemClock(),
  random: seededRandom(5),
  runsDir: "/nowhere",
  toolVersion: "0.1.0",
  reporters: [],
  onProgress: () => undefined,
  signal: new AbortController().signal,
};

function planOf(target: LoadPlan["target"], requests: readonly LoadRequest[]): LoadPlan {
  const shared = { executor: "constant-vus", vus: 1, durationMs: 1000 } as const;
  const scenarios = requests.map((request, i) => [`s${i}`, { ...shared, request }] as const);
  return { target, seed: 7, scenarios: Object.fromEntries(scenarios), limits: [] };
}

const chat: LoadRequest = {
  kind: "chat",
  model: "",
  prompts: ["q"],
  maxTokens: 4,
  stream: false,
};

describe("asking each route once before the load", () => {
  it("sends the headers of the target and of the request, as the load does: by them a gateway finds its route", async () => {
    await using target = await startRecordingTarget(({ path, headers }) => {
      if (headers["x-tenant"] !== "a") return { status: 404 };
      if (path === "/v1/models") return { body: '{"data":[{"id":"m"}]}' };
      return { status: path === "/own" && headers["x-own"] !== "b" ? 404 : 200, body: "{}" };
    });
    const own: LoadRequest = {
      kind: "http",
      method: "GET",
      path: "/own",
      headers: { "X-Own": "b" },
    };
    const headers = { "X-Tenant": "a", Accept: "text/plain" };
    const plan = planOf({ baseUrl: target.url, headers }, [chat, own]);
    const seen = await preflightLoad(plan, deps, "run");
    expect([seen.missing, seen.model, seen.down]).toEqual([[], "m", null]);
    expect(target.seen.map(({ path }) => path)).toEqual([
      "/v1/models",
      "/v1/chat/completions",
      "/own",
    ]);
    // In place of the prober's own of that name, never beside it.
    expect(target.seen.map((one) => one.headers.accept)).toEqual(Array(3).fill("text/plain"));
    const without = await preflightLoad(planOf({ baseUrl: target.url }, [chat, own]), deps, "run");
    expect(without.missing).toEqual(["s0", "s1"]);
  });

  it("asks a target with a rate limit again, as the prober does", async () => {
    let asked = 0;
    await using target = await startRecordingTarget(({ path }) => {
      if (path === "/v1/models" && asked++ === 0)
        return { status: 429, headers: { "retry-after": "1" } };
      return { body: '{"data":[{"id":"m"}]}' };
    });
    const seen = await preflightLoad(planOf({ baseUrl: target.url }, [chat]), deps, "run");
    expect([seen.model, seen.isModelUntold, asked]).toEqual(["m", false, 2]);
  });

  it("guesses no model where the rate limit keeps the list: no load is sent, every claim stays open", async () => {
    await using target = await startRecordingTarget(() => ({
      status: 429,
      headers: { "retry-after": "3600" },
    }));
    const seen = await preflightLoad(planOf({ baseUrl: target.url }, [chat]), deps, "run");
    expect([seen.model, seen.isModelUntold]).toEqual([null, true]);
    const job = loadJob(target.url, { response_time: ["p(95)<900ms"] });
    const shared = { executor: "constant-arrival-rate", rate: 100, durationMs: 1_000 } as const;
    const load = { ...job.load, scenarios: { get: { ...shared, request: chat } } };
    const result = await runJob({ ...job, load });
    expect(new Set(Object.values(verdictsOf(result)))).toEqual(new Set(["not_tested.not_run"]));
    expect(result.exitCode).toBe(2);
    expect(result.verdict.claims[0]?.sentence).toContain("(HTTP 429), so no load was sent.");
    expect(target.seen.map(({ path }) => path)).toEqual(["/v1/models", "/v1/models"]);
  });

  it("takes any certificate where the plan says so, and none that nobody vouches for elsewhere", async () => {
    const server = createServer(selfSigned(), (_request, response) => response.end("{}"));
    const baseUrl = `https://127.0.0.1:${await listenOnLoopback(server)}`;
    const get: LoadRequest = { kind: "http", method: "GET", path: "/" };
    const insecure = await preflightLoad(planOf({ baseUrl, insecure: true }, [get]), deps, "run");
    expect([insecure.missing, insecure.down]).toEqual([[], null]);
    const strict = await preflightLoad(planOf({ baseUrl }, [get]), deps, "run");
    expect(strict.down).toContain("LL_LOAD_TARGET_DOWN");
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
});
