import { systemClock } from "@loadline/kit/clock";
import { parseJson } from "@loadline/kit/json";
import { eventually } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { sampleIn } from "../../test/answers.ts";
import { type Running, runGateway as run, temporaryDir } from "../../test/harness.ts";
import { TlsFolder } from "../../test/tls.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import type { Stage, StageId, StageOutcome } from "../pipeline/stage.ts";
import { recordOf } from "../dialects/json.ts";
import { probeModel } from "./pass.ts";
import { configOf } from "./self-probe.fixture.ts";

const clock = systemClock();
const waitMs = 20_000;
const chat = { model: "sim", messages: [{ role: "user", content: "hi" }] };

/** A stage that is on the way and does nothing, or something else. */
function instead(id: StageId, run: (x: Exchange, stage: Stage) => StageOutcome) {
  return {
    stages: (table: Stage[]) =>
      table.map((stage) =>
        stage.id === id ? { ...stage, run: (x: Exchange) => run(x, stage) } : stage,
      ),
  };
}

async function countOf(g: Running, result: string): Promise<number> {
  const text = await (await g.get("/metrics")).text();
  return sampleIn(text, `loadline_self_probe_total{result="${result}"}`);
}

async function reasonsOf(g: Running): Promise<string> {
  return (await fetch(`${g.url}/readyz`)).text();
}

async function isReady(g: Running): Promise<boolean> {
  return (await fetch(`${g.url}/readyz`)).status === 200;
}

async function healthOf(g: Running): Promise<unknown> {
  const body = recordOf(parseJson(await (await fetch(`${g.url}/health`)).text()));
  return recordOf(body["components"])["self-probe"];
}

describe("a gateway that calls itself", () => {
  it("is ready after a call through its own socket, and says so in /health", async () => {
    await using g = await run();
    await eventually(clock, () => isReady(g), waitMs);
    expect(await countOf(g, "passed")).toBe(1);
    expect(await healthOf(g)).toMatchObject({ required: true, state: "ok", result: "passed" });
  });

  it("is in no list, metric, log line or ledger of callers", async () => {
    await using g = await run({ auditLog: { requests: "all" } });
    await eventually(clock, () => isReady(g), waitMs);
    const text = await (await g.get("/metrics")).text();
    expect(text).not.toContain(probeModel);
    expect(text).not.toMatch(/^loadline_requests_total\{operation="chat".* [1-9]/m);
    expect(text).not.toMatch(/^loadline_usage_records_total.* [1-9]/m);
    expect(text).not.toMatch(/^loadline_(upstream_attempts|limit_decisions)_total.* [1-9]/m);
    expect(text).not.toMatch(/^loadline_(overhead|ttft|request_duration)_seconds_count.* [1-9]/m);
    expect(sampleIn(text, "loadline_leases")).toBe(0);
    expect(await (await g.get("/v1/models")).text()).not.toContain(probeModel);
    expect(await (await g.get("/v1/models")).text()).not.toContain("probe");
    expect(sampleIn(text, "loadline_active_keys")).toBeLessThanOrEqual(1);
    // What was logged is written at the latest now.
    await g.gateway.close({ graceMs: 0 });
    expect(g.logged()).toContain('"event":"closed"');
    expect(g.logged()).not.toMatch(/"event":"request"|Loadline-Probe/);
  });

  it("takes nothing of limits, budgets and the requests of an address", async () => {
    await using g = await run({
      limits: [{ scope: "global", resource: "requests", limit: 1, period: "1h", burst: 1 }],
      addressLimit: { requestsPerMinute: 2 },
    });
    await eventually(clock, () => isReady(g), waitMs);
    expect((await g.post("/v1/chat/completions", chat)).status).toBe(200);
  });

  it("lets nobody else in: neither its model nor its scheme is good for a caller", async () => {
    await using g = await run();
    const asked = await g.post("/v1/chat/completions", { ...chat, model: probeModel });
    expect([asked.status, await asked.text()]).toEqual([
      404,
      expect.stringContaining("LL_MODEL_UNKNOWN"),
    ]);
    const authorization = `Loadline-Probe ${"a".repeat(43)}`;
    const forged = await fetch(`${g.url}/v1/models`, { headers: { authorization } });
    expect([forged.status, await forged.text()]).toEqual([
      401,
      expect.stringContaining("LL_AUTH_MALFORMED"),
    ]);
  });

  it("asks nobody's upstream, also where a model of theirs has its name", async () => {
    const routes = { theirs: { models: [probeModel], groups: [{ targets: ["s"] }] } };
    const target = { provider: "simulator", tokens: 3, latency: 0, tokensPerSecond: 1e6 };
    await using g = await run({ targets: { s: target }, routes });
    await eventually(clock, () => isReady(g), waitMs);
    const text = await (await g.get("/metrics")).text();
    expect(text).not.toMatch(/^loadline_upstream_attempts_total.* [1-9]/m);
    expect((await g.post("/v1/chat/completions", { ...chat, model: probeModel })).status).toBe(200);
  });

  it("opens no other operation to whoever steals its secret on the way", async () => {
    let url = "";
    const stolen: number[] = [];
    const steal = async (x: Exchange, stage: Stage, authorization: string) => {
      const asked = await fetch(`${url}/v1/models`, { headers: { authorization } });
      stolen.push(asked.status);
      const outcome = await stage.run?.(x);
      return typeof outcome === "object" ? outcome : undefined;
    };
    const controls = instead("authenticate", (x, stage) => {
      const header = x.picked?.authorization ?? "";
      const isOwn = url !== "" && header.startsWith("Loadline-Probe") && stolen.length === 0;
      return isOwn && x.operation.id === "chat" ? steal(x, stage, header) : stage.run?.(x);
    });
    await using g = await run({}, temporaryDir(), controls);
    await eventually(clock, () => isReady(g), waitMs);
    url = g.url;
    await g.gateway.reload(configOf(g, { outputMax: { sim: 9 } }));
    await eventually(clock, async () => (await countOf(g, "passed")) === 2, waitMs);
    expect(stolen).toEqual([401]);
  });

  it("calls again after an accepted reload, and not after a refused one", async () => {
    await using g = await run();
    await eventually(clock, () => isReady(g), waitMs);
    const next = configOf(g, { outputMax: { sim: 9 } });
    expect((await g.gateway.reload(next)).outcome).toBe("applied");
    await eventually(clock, async () => (await countOf(g, "passed")) === 2, waitMs);
    expect((await g.gateway.reload(configOf(g, { workers: 2 }))).outcome).toBe("restart_needed");
    expect(await countOf(g, "passed")).toBe(2);
    expect(await isReady(g)).toBe(true);
  });

  it("makes no call where it is off, and is ready", async () => {
    await using g = await run({ selfProbe: { enabled: false } });
    expect(await isReady(g)).toBe(true);
    expect(await countOf(g, "passed")).toBe(0);
    expect(await healthOf(g)).toBeUndefined();
  });
});

describe("stages that do nothing", () => {
  it.each(["authenticate", "read", "authorize", "reserve"] as const)(
    "without the work of %s a gateway is never ready",
    async (id) => {
      await using g = await run(
        {},
        temporaryDir(),
        instead(id, () => undefined),
      );
      const isTold = async (): Promise<boolean> =>
        /LL_SERVER_STAGE_MISSING|LL_SERVER_SELF_PROBE/.test(await reasonsOf(g));
      await eventually(clock, isTold, waitMs);
      expect(await isReady(g)).toBe(false);
    },
  );

  it("a reservation that is none is counted and named, though the call is answered", async () => {
    await using g = await run(
      {},
      temporaryDir(),
      instead("reserve", () => undefined),
    );
    await eventually(clock, async () => (await countOf(g, "skipped")) >= 1, waitMs);
    expect(await reasonsOf(g)).toContain("LL_SERVER_STAGE_MISSING reserve");
    const text = await (await g.get("/metrics")).text();
    expect(sampleIn(text, 'loadline_stage_skipped_total{stage="reserve"}')).toBeGreaterThan(0);
    expect((await g.post("/v1/chat/completions", chat)).status).toBe(200);
    expect(await healthOf(g)).toMatchObject({ state: "down", result: "skipped" });
  });
});

describe("calls that fail", () => {
  it("unready it with their own code, and the next good one readies it again", async () => {
    let isBroken = true;
    const controls = instead("route", (x, stage) =>
      isBroken ? { code: "LL_ROUTE_NO_TARGET" } : stage.run?.(x),
    );
    await using g = await run({}, temporaryDir(), controls);
    await eventually(clock, async () => (await countOf(g, "failed")) >= 1, waitMs);
    expect(await reasonsOf(g)).toContain("LL_SERVER_SELF_PROBE 503 LL_ROUTE_NO_TARGET");
    isBroken = false;
    await eventually(clock, () => isReady(g), waitMs);
    expect(await countOf(g, "passed")).toBe(1);
  });

  it("with no answer at all are told from those with a wrong one", async () => {
    const silent = (x: Exchange, stage: Stage): StageOutcome =>
      x.principal?.id === "self-probe" ? new Promise(() => undefined) : stage.run?.(x);
    const settings = { selfProbe: { timeout: 300 } };
    await using g = await run(settings, temporaryDir(), instead("route", silent));
    await eventually(clock, async () => (await countOf(g, "silent")) >= 1, waitMs);
    expect(await reasonsOf(g)).toContain("LL_SERVER_SELF_PROBE_SILENT no answer within 300 ms");
  });

  it("on purpose say nothing: a ready gateway that is overloaded stays ready", async () => {
    let isBusy = false;
    const controls = instead("overload", (x, stage) =>
      isBusy && x.operation.isModel ? { code: "LL_SERVER_OVERLOADED" } : stage.run?.(x),
    );
    await using g = await run({}, temporaryDir(), controls);
    await eventually(clock, () => isReady(g), waitMs);
    isBusy = true;
    await g.gateway.reload(configOf(g, { outputMax: { sim: 9 } }));
    await eventually(clock, async () => (await countOf(g, "busy")) >= 1, waitMs);
    expect(await isReady(g)).toBe(true);
    isBusy = false;
    await eventually(clock, async () => (await countOf(g, "passed")) === 2, waitMs);
  });
});

describe("ways into the own front", () => {
  it.each([
    ["the front of Node", { http: { front: "node" } }],
    ["all addresses", { listen: { host: "0.0.0.0", port: 0 } }],
    ["requests counted by address", { addressLimit: { requestsPerMinute: 100 } }],
  ])("%s: the call comes through", async (_name, settings) => {
    await using g = await run(settings);
    await eventually(clock, async () => (await countOf(g, "passed")) === 1, waitMs);
  });

  it("an encrypted listener is called through TLS", async () => {
    using folder = new TlsFolder();
    await using g = await run({ tls: folder.section() });
    const ready = g.gateway.whenReady(AbortSignal.timeout(waitMs));
    await expect(ready).resolves.toBeUndefined();
  });

  it("a listener that asks for certificates is called beside it", async () => {
    using folder = new TlsFolder();
    await using g = await run({ tls: folder.section(folder.mtls("require")) });
    const ready = g.gateway.whenReady(AbortSignal.timeout(waitMs));
    await expect(ready).resolves.toBeUndefined();
  });
});
