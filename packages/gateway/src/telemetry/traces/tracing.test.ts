import { systemClock } from "@loadline/kit/clock";
import { eventually, type OtlpReceiver, startOtlpReceiver } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { completion, endJson } from "../../../test/answers.ts";
import {
  overUpstreams,
  type Running,
  runGateway,
  runUpstream,
  type Upstream,
} from "../../../test/harness.ts";

const clock = systemClock();
const chat = (model: string) => ({
  model,
  messages: [{ role: "user", content: "a prompt nobody may see" }],
});
const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 };
const callerTrace = "0af7651916cd43dd8448eb211c80319c";
const callerSpan = "b7ad6b7169203331";
const sampledCall = `00-${callerTrace}-${callerSpan}-01`;

function telling(endpoint: string, traces: object = {}): Record<string, unknown> {
  return { telemetry: { overloadAfter: 0, traces: { endpoint, sampleRatio: 1, ...traces } } };
}

function good(): Promise<Upstream> {
  return runUpstream((response) => endJson(response, 200, completion("hi", usage)));
}

function failing(status: number): Promise<Upstream> {
  return runUpstream((response) => endJson(response, status, {}));
}

const ask = async (g: Running, body: object, traceparent?: string): Promise<number> => {
  const headers = {
    authorization: `Bearer ${g.key}`,
    "content-type": "application/json",
    ...(traceparent !== undefined && { traceparent, tracestate: "vendor=1" }),
  };
  const response = await g.post("/v1/chat/completions", body, { headers });
  await response.text();
  return response.status;
};

/** The gateway sends what waits when it closes. */
async function received(g: Running, receiver: OtlpReceiver) {
  await g.gateway.close({ graceMs: 0 });
  expect(receiver.faults).toEqual([]);
  return receiver.spans;
}

describe("traces of a running gateway", () => {
  it("a request becomes one server span and one client span below it, as a strict collector reads them", async () => {
    await using receiver = await startOtlpReceiver();
    await using upstream = await good();
    await using g = await runGateway({
      ...overUpstreams(upstream.baseUrl),
      ...telling(receiver.endpoint),
    });
    const before = clock.wallMs();
    expect(await ask(g, chat("m"))).toBe(200);
    const spans = await received(g, receiver);
    const server = spans.find((span) => span.kind === 2);
    const client = spans.find((span) => span.kind === 3);
    expect(server).toMatchObject({
      service: "loadline",
      scope: "loadline.gateway",
      parentSpanId: "",
      name: "POST /v1/chat/completions",
      status: 0,
      attributes: {
        "http.request.method": "POST",
        "http.route": "/v1/chat/completions",
        "http.response.status_code": 200,
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 3,
        "loadline.route": "r",
        "loadline.exit": "ok",
      },
    });
    expect(client).toMatchObject({
      traceId: server?.traceId,
      parentSpanId: server?.spanId,
      name: "chat big",
      attributes: {
        "gen_ai.provider.name": "openai-compatible",
        "gen_ai.request.model": "big",
        "loadline.target": "u0",
        "loadline.usage.source": "provider",
      },
    });
    const startedMs = Number((server?.startNs ?? 0n) / 1_000_000n);
    expect(startedMs).toBeGreaterThan(before - 1000);
    expect(startedMs).toBeLessThan(clock.wallMs() + 1000);
    expect(client?.startNs).toBeGreaterThanOrEqual(server?.startNs ?? 0n);
    expect(client?.endNs).toBeLessThanOrEqual(server?.endNs ?? 0n);
    const told = upstream.requests[0]?.headers["traceparent"];
    expect(told).toBe(`00-${server?.traceId}-${client?.spanId}-01`);
    expect(g.logged()).toContain(`"trace":"${server?.traceId}"`);
  });

  it("a caller's trace goes on: its id, its span as parent, its state, and its decision", async () => {
    await using receiver = await startOtlpReceiver();
    await using upstream = await good();
    await using g = await runGateway({
      ...overUpstreams(upstream.baseUrl),
      ...telling(receiver.endpoint, { sampleRatio: 0 }),
    });
    expect(await ask(g, chat("m"), sampledCall)).toBe(200);
    expect(await ask(g, chat("m"), sampledCall.replace(/01$/, "00"))).toBe(200);
    const spans = await received(g, receiver);
    const servers = spans.filter((span) => span.kind === 2);
    expect(servers).toMatchObject([{ traceId: callerTrace, parentSpanId: callerSpan }]);
    const [first, second] = upstream.requests.map(({ headers }) => headers);
    expect(first?.["tracestate"]).toBe("vendor=1");
    expect(first?.["traceparent"]).toMatch(new RegExp(`^00-${callerTrace}-[0-9a-f]{16}-01$`));
    expect(second?.["traceparent"]).toMatch(new RegExp(`^00-${callerTrace}-[0-9a-f]{16}-00$`));
    expect(first?.["traceparent"]).not.toContain(callerSpan);
  });

  it.each([
    ["too short", "00-1-2-01"],
    ["version ff", `ff${sampledCall.slice(2)}`],
    ["no trace id", `00-${"0".repeat(32)}-${callerSpan}-01`],
    ["no span id", `00-${callerTrace}-${"0".repeat(16)}-01`],
    ["capitals", sampledCall.toUpperCase()],
    ["more than version 00 has", `${sampledCall}-00`],
  ])("a traceparent that is malformed (%s) begins a new trace", async (_, traceparent) => {
    await using receiver = await startOtlpReceiver();
    await using g = await runGateway(telling(receiver.endpoint));
    expect(await ask(g, chat("sim"), traceparent)).toBe(200);
    const [span] = await received(g, receiver);
    expect(span?.traceId).not.toBe(callerTrace);
    expect(span?.parentSpanId).not.toBe(callerSpan);
  });

  it("a failed request is kept whatever the sample says, with a span for each attempt", async () => {
    await using receiver = await startOtlpReceiver();
    await using a = await failing(500);
    await using b = await good();
    await using c = await failing(503);
    await using g = await runGateway({
      targets: Object.fromEntries(
        [a, b, c].map(({ baseUrl }, i) => [
          `t${i}`,
          { provider: "openai-compatible", model: "big", baseUrl },
        ]),
      ),
      routes: {
        over: {
          models: ["over"],
          groups: [{ strategy: "priority", targets: ["t0", "t1"] }],
        },
        down: { models: ["down"], groups: [{ targets: ["t2"] }] },
        fine: { models: ["fine"], groups: [{ targets: ["t1"] }] },
      },
      ...telling(receiver.endpoint, { sampleRatio: 0 }),
    });
    expect(await ask(g, chat("fine"))).toBe(200);
    expect(await ask(g, chat("over"))).toBe(200);
    expect(await ask(g, chat("down"))).toBeGreaterThanOrEqual(500);
    const spans = await received(g, receiver);
    const servers = spans.filter((span) => span.kind === 2);
    expect(servers.map((span) => span.attributes["loadline.route"])).toEqual(["over", "down"]);
    expect(servers.map((span) => span.status)).toEqual([0, 2]);
    const [first, second] = spans.filter(
      (span) => span.kind === 3 && span.traceId === servers[0]?.traceId,
    );
    expect([first?.status, first?.attributes["error.type"], second?.status]).toEqual([
      2,
      "server",
      0,
    ]);
    const sent = [a, b].map(({ requests }) => requests.at(-1)?.headers["traceparent"]);
    expect(sent).toEqual([first, second].map((s) => `00-${s?.traceId}-${s?.spanId}-00`));
  });

  it("neither prompt, answer, key nor an unknown model's name is in a span", async () => {
    await using receiver = await startOtlpReceiver();
    await using g = await runGateway(telling(receiver.endpoint));
    expect(await ask(g, chat("sim"))).toBe(200);
    expect(await ask(g, chat("a secret as model"), sampledCall)).toBe(404);
    const spans = await received(g, receiver);
    expect(spans.filter((span) => span.kind === 2)).toHaveLength(2);
    const all = receiver.requests.join("\n");
    for (const secret of ["nobody may see", g.key, g.key.slice(20), "a secret as model"])
      expect(all).not.toContain(secret);
  });

  it("names the service as it is configured, and takes its share of new traces", async () => {
    await using receiver = await startOtlpReceiver();
    const traces = { endpoint: receiver.endpoint, sampleRatio: 0.5 };
    await using g = await runGateway({
      telemetry: { overloadAfter: 0, serviceName: "edge", traces },
    });
    for (let i = 0; i < 100; i++) expect(await ask(g, chat("sim"))).toBe(200);
    const servers = (await received(g, receiver)).filter((span) => span.kind === 2);
    expect(new Set(servers.map(({ service }) => service))).toEqual(new Set(["edge"]));
    // 0.5 of 100, eight standard deviations to each side.
    expect(servers.length).toBeGreaterThan(10);
    expect(servers.length).toBeLessThan(90);
  });

  it("each export carries the configured headers, which must be references", async () => {
    await using receiver = await startOtlpReceiver();
    const { Secret } = await import("../../config/values.ts");
    const headers = { "x-collector-token": new Secret("collector-secret", "${env:T}") };
    await using g = await runGateway(telling(receiver.endpoint, { headers }));
    await ask(g, chat("sim"));
    await received(g, receiver);
    expect(receiver.headers[0]?.["x-collector-token"]).toBe("collector-secret");
    const literal = telling(receiver.endpoint, { headers: { "x-token": "literal" } });
    await expect(runGateway(literal)).rejects.toThrow("telemetry.traces.headers.x-token");
  });

  it("is off by default: no span, and a caller's traceparent passes unchanged", async () => {
    await using upstream = await good();
    await using g = await runGateway(overUpstreams(upstream.baseUrl));
    expect(await ask(g, chat("m"), sampledCall)).toBe(200);
    expect(upstream.requests[0]?.headers).toMatchObject({
      traceparent: sampledCall,
      tracestate: "vendor=1",
    });
    const metrics = await (await g.get("/metrics")).text();
    expect(metrics).toContain("loadline_traces_sampled_total 0\n");
    expect(metrics).toContain('loadline_dependency_state{dependency="otlp"} 3\n');
  });
});

it("a call without a trace begins one that its request id names, traced or not", async () => {
  await using upstream = await good();
  await using g = await runGateway(overUpstreams(upstream.baseUrl));
  const headers = { authorization: `Bearer ${g.key}`, "content-type": "application/json" };
  for (const more of [{}, { traceparent: "00-zz-1-01", tracestate: "vendor=1" }]) {
    const response = await g.post("/v1/chat/completions", chat("m"), {
      headers: { ...headers, ...more },
    });
    const digits = response.headers.get("x-request-id")?.slice("req_".length) ?? "";
    await response.arrayBuffer();
    const told = upstream.requests.at(-1)?.headers;
    expect(told?.["traceparent"]).toBe(`00-00000000${digits}-${digits.slice(8)}-00`);
    expect(told?.["traceparent"]).toMatch(/^00-0{8}[0-9a-f]{24}-[0-9a-f]{16}-00$/);
    expect(told?.["tracestate"]).toBeUndefined();
  }
});

describe("a collector that is no good", () => {
  it("never delays a call: dead, frozen and busy, with spans counted as they are lost", async () => {
    await using receiver = await startOtlpReceiver();
    await using g = await runGateway(telling(receiver.endpoint));
    for (const how of [{ kind: "frozen" }, { kind: "busy", retryAfterSeconds: 1 }] as const) {
      receiver.behave(how);
      let slowestMs = 0;
      for (let i = 0; i < 400; i++) {
        const startedMs = clock.monotonicMs();
        expect(await ask(g, chat("sim"))).toBe(200);
        slowestMs = Math.max(slowestMs, clock.monotonicMs() - startedMs);
      }
      // 800 spans: one full batch is at the collector, which does not take it.
      await eventually(clock, () => receiver.requests.length > 0, 10_000);
      // A call that waited for the collector would take its time limit, 10 s.
      expect(slowestMs).toBeLessThan(5000);
    }
  }, 120_000);

  it("is not waited for by a gateway that ends, for longer than a second", async () => {
    await using receiver = await startOtlpReceiver();
    receiver.behave({ kind: "frozen" });
    await using g = await runGateway(telling(receiver.endpoint));
    // The last one makes a batch full, which goes at once.
    for (let i = 0; i < 256; i++) expect(await ask(g, chat("sim"))).toBe(200);
    await eventually(clock, () => receiver.requests.length > 0, 10_000);
    const closingMs = clock.monotonicMs();
    await g.gateway.close({ graceMs: 0 });
    // Its time limit would be 10 s.
    expect(clock.monotonicMs() - closingMs).toBeLessThan(7000);
  }, 120_000);

  it("a dead one is shown in /health and /metrics within its first batch, and calls go on", async () => {
    await using g = await runGateway(telling("http://127.0.0.1:9/v1/traces"));
    for (let i = 0; i < 300; i++) expect(await ask(g, chat("sim"))).toBe(200);
    const isDown = async (): Promise<boolean> =>
      (await (await g.get("/metrics")).text()).includes(
        'loadline_dependency_state{dependency="otlp"} 2\n',
      );
    await eventually(clock, isDown, 10_000);
    const health: unknown = await (await g.get("/health")).json();
    expect(health).toMatchObject({
      status: "ok",
      components: { otlp: { required: false, state: "down" } },
    });
  });
});
