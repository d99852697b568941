import { describe, expect, it } from "vitest";
import { systemClock } from "@loadline/kit/clock";
import { completion, endJson, sampleIn } from "../../test/answers.ts";
import type { Controls } from "../controls.ts";
import { operator } from "../index.ts";
import { overUpstreams, type Running, runGateway, runUpstream } from "../../test/harness.ts";

const messages = [{ role: "user", content: "a prompt nobody may see" }];
const ask = (g: Running, more: object = {}) =>
  g.post("/v1/chat/completions", { model: "sim", messages, ...more });
const metricsOf = async (g: Running): Promise<string> => (await g.get("/metrics")).text();

/** The metrics that the design names, as a scrape shows them. */
const families: readonly string[] = [
  "loadline_requests",
  "loadline_request_duration_seconds",
  "loadline_overhead_seconds",
  "loadline_ttft_seconds",
  "loadline_tpot_seconds",
  "loadline_upstream_attempts",
  "loadline_switch_seconds",
  "loadline_failovers",
  "loadline_pool_ready",
  "loadline_pool_min",
  "loadline_hedges",
  "loadline_retries",
  "loadline_breaker_state",
  "loadline_breaker_transitions",
  "loadline_limit_decisions",
  "loadline_limit_mode",
  "loadline_leases",
  "loadline_lease_shortfall_tokens",
  "loadline_tokens",
  "loadline_cost_nanounits",
  "loadline_budget_remaining_ratio",
  "loadline_stream_exits",
  "loadline_streams_open",
  "loadline_abort_seconds",
  "loadline_dependency_state",
  "loadline_config_reloads",
  "loadline_queue_depth",
  "loadline_queue_dropped",
  "loadline_config",
  "loadline_event_loop_delay_seconds",
  "loadline_exit_violations",
  "loadline_stage_skipped",
  "process_start_time_seconds",
  "process_cpu_seconds",
  "process_resident_memory_bytes",
];

describe("metrics of a running gateway", () => {
  it("are all there at the first scrape", async () => {
    await using g = await runGateway();
    const text = await metricsOf(g);
    expect(families.filter((name) => !text.includes(`# TYPE ${name} `))).toEqual([]);
  });

  it("tell the time to the first content by the target that it came from", async () => {
    await using bad = await runUpstream((response) => void response.writeHead(500).end("{}"));
    await using good = await runUpstream((response) => endJson(response, 200, completion()));
    await using g = await runGateway(overUpstreams(bad.baseUrl, good.baseUrl));
    const counts = async (): Promise<number[]> => {
      const text = await metricsOf(g);
      const of = (target: string): number =>
        sampleIn(text, `loadline_ttft_seconds_count{route="r",target="${target}"}`);
      return [of("u0"), of("u1")];
    };
    expect(await counts()).toEqual([0, 0]);
    expect((await ask(g, { model: "m" })).status).toBe(200);
    await expect.poll(counts).toEqual([0, 1]);
  });

  it("tell the start of the process in seconds, and CPU time that only grows", async () => {
    await using g = await runGateway();
    const first = await metricsOf(g);
    const started = sampleIn(first, "process_start_time_seconds");
    const nowSeconds = systemClock().wallMs() / 1000;
    expect(Math.abs(nowSeconds - process.uptime() - started)).toBeLessThan(2);
    await (await ask(g)).text();
    const second = await metricsOf(g);
    const cpu = [first, second].map((text) => sampleIn(text, "process_cpu_seconds_total"));
    expect(cpu[1]).toBeGreaterThanOrEqual(cpu[0] ?? Number.NaN);
    expect(cpu[0]).toBeGreaterThan(0);
  });

  it("count the time per output token of whole streams by target, and of nothing else", async () => {
    const target = { provider: "simulator", tokens: 11, latency: 0, tokensPerSecond: 200 };
    await using g = await runGateway({ targets: { s: target } });
    await (await ask(g, { stream: true })).text();
    await (await ask(g)).text();
    const text = await metricsOf(g);
    expect(sampleIn(text, 'loadline_tpot_seconds_count{target="s"}')).toBe(1);
    // 10 tokens after the first at 200 a second are 5 ms each; a busy machine takes longer.
    const seconds = sampleIn(text, 'loadline_tpot_seconds_sum{target="s"}');
    expect(seconds).toBeGreaterThan(0.002);
    expect(seconds).toBeLessThan(1);
  });

  it("a cut stream has no time per token", async () => {
    const chunk = { object: "chat.completion.chunk", id: "x", created: 1, model: "big" };
    await using upstream = await runUpstream((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const delta = { ...chunk, choices: [{ index: 0, delta: { content: "hi" } }] };
      response.write(`data: ${JSON.stringify(delta)}\n\n`, () => response.destroy());
    });
    await using g = await runGateway(overUpstreams(upstream.baseUrl));
    await (await ask(g, { model: "m", stream: true })).text();
    const text = await metricsOf(g);
    expect(sampleIn(text, 'loadline_tpot_seconds_count{target="u0"}')).toBe(0);
    expect(sampleIn(text, 'loadline_stream_exits_total{route="r",exit="cut"}')).toBe(1);
  });

  it("a cut stream counts under the status of its error, not under the 200 of its head", async () => {
    await using upstream = await runUpstream((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const content = { choices: [{ index: 0, delta: { content: "hi" } }] };
      response.write(`data: ${JSON.stringify(content)}\n\n`);
    });
    await using g = await runGateway({
      ...overUpstreams(upstream.baseUrl),
      timeouts: { idle: "100ms" },
    });
    const answer = await ask(g, { model: "m", stream: true });
    expect([answer.status, await answer.text()]).toEqual([
      200,
      expect.stringContaining("LL_STREAM_STALL"),
    ]);
    const text = await metricsOf(g);
    const counts = [200, 502, 504].map((status) =>
      sampleIn(text, `loadline_requests_total{operation="chat",route="r",status="${status}"}`),
    );
    expect(counts).toEqual([0, 0, 1]);
  });
});

describe("access log of a running gateway", () => {
  it("is one JSON line of at most 1 KiB per model request, with what it came to and no content", async () => {
    await using g = await runGateway();
    await (await ask(g)).text();
    await (await ask(g, { stream: true })).text();
    await (await ask(g, { model: `no ${"x".repeat(200)}` })).text();
    await (await g.get("/healthz")).text();
    await g.gateway.close({ graceMs: 0 });
    const lines = g
      .logged()
      .split("\n")
      .filter((line) => line.includes('"event":"request"'));
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(1024);
      expect(JSON.parse(line)).toMatchObject({
        level: "info",
        event: "request",
        id: expect.stringMatching(/^req_[0-9a-f]{24}$/),
        operation: "chat",
        attempts: expect.any(Number),
        ms: expect.any(Number),
      });
    }
    const all = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(all[0]).toMatchObject({ route: "sim", status: 200, exit: "ok", out: 3 });
    const refused = all.find(({ status }) => status === 404);
    expect(refused).toMatchObject({ exit: "refused", code: "LL_MODEL_UNKNOWN", route: null });
    expect(g.logged()).not.toContain("nobody may see");
    expect(g.logged()).not.toContain(g.key);
  });

  it("names the target that answered and the time to the first content", async () => {
    await using g = await runGateway();
    await (await ask(g)).text();
    await g.gateway.close({ graceMs: 0 });
    const line = g
      .logged()
      .split("\n")
      .find((one) => one.includes('"event":"request"'));
    expect(JSON.parse(line ?? "")).toMatchObject({ target: "s", ttft: expect.any(Number) });
  });

  it("tells requests apart that differ in their key or their status alone, in lines and metrics", async () => {
    await using g = await runGateway();
    const unknown = { model: "none", messages };
    const headers = { "content-type": "application/json" };
    for (const init of [{}, { headers }, {}])
      await (await g.post("/v1/chat/completions", unknown, init)).text();
    const metrics = await metricsOf(g);
    const count = (status: number): number | undefined =>
      sampleIn(
        metrics,
        `loadline_requests_total{operation="chat",route="_none",status="${status}"}`,
      );
    expect([count(404), count(401)]).toEqual([2, 1]);
    await g.gateway.close({ graceMs: 0 });
    const keys = g
      .logged()
      .split("\n")
      .filter((line) => line.includes('"event":"request"'))
      .map((line) => (JSON.parse(line) as Record<string, unknown>)["key"]);
    expect(keys).toEqual([expect.stringMatching(/./), "", expect.stringMatching(/./)]);
  });

  it("one id names a call in its answer, its log line and the audit log; each line is JSON of one shape, without prompt or key [R3-29]", async () => {
    const broken: Partial<Controls> = {
      stages: (table) =>
        table.map((stage) => ({
          ...stage,
          run(x) {
            if (stage.id === "route" && x.client.headers.includes("it-breaks"))
              throw new Error("a fault nobody foresaw");
            return stage.run?.(x);
          },
        })),
    };
    await using g = await runGateway({}, undefined, broken);
    const { keys } = g.gateway.identity;
    const admin = await keys.create(operator(), { name: "a", roles: ["admin"], tenantId: "*" });
    const json = { "content-type": "application/json" };
    const authorized = { ...json, authorization: `Bearer ${g.key}` };
    const calls = [authorized, json, { ...authorized, "x-canary": "it-breaks" }];
    const ids: string[] = [];
    const statuses: number[] = [];
    for (const headers of calls) {
      const answer = await g.post("/v1/chat/completions", { model: "sim", messages }, { headers });
      const text = await answer.text();
      const id = answer.headers.get("x-request-id") ?? "";
      // What went wrong inside is told by the id alone.
      expect(text).not.toContain("nobody foresaw");
      if (answer.status === 500) expect(text).toContain(id);
      ids.push(id);
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([200, 401, 500]);
    expect(new Set(ids).size).toBe(3);
    const by = { headers: { authorization: `Bearer ${admin.secret}` } };
    const denied = async (): Promise<string> =>
      (await fetch(`${g.url}/admin/v1/audit?outcome=denied&tenantId=*`, by)).text();
    await expect.poll(denied).toContain(`"requestId":"${ids[1]}"`);
    await g.gateway.close({ graceMs: 0 });
    const lines = g.logged().trimEnd().split("\n");
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const event of events)
      expect(event).toMatchObject({
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        level: expect.stringMatching(/^(?:debug|info|warn|error)$/),
        event: expect.stringMatching(/./),
      });
    const named = events.filter(({ event }) => event === "request").map(({ id }) => id);
    expect(ids.map((id) => named.filter((one) => one === id).length)).toEqual([1, 1, 1]);
    for (const secret of ["nobody may see", g.key, admin.secret])
      expect(g.logged()).not.toContain(secret);
  });
});
