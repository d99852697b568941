import { systemClock, TestClock } from "@loadline/kit/clock";
import { createEgress } from "@loadline/kit/egress";
import { eventually } from "@loadline/testkit";
import { quietest } from "../../../testkit/src/quietest.ts";
import { describe, expect, it } from "vitest";
import { chatRequest } from "./chat-request.ts";
import { createProbeClient, keptBytesMax, type ProbeClientOptions, wrongKey } from "./client.ts";
import { type Answer, reply, startRaw } from "./raw-server.fixture.ts";

const get = { method: "GET", path: "/models" } as const;

function clientOf(baseUrl: string, more: Partial<ProbeClientOptions> = {}) {
  return createProbeClient({
    baseUrl,
    egress: createEgress({ allowHosts: ["127.0.0.1"] }),
    clock: systemClock(),
    run: "run-7",
    apiKey: "sk-right",
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    ...more,
  });
}

async function once(answer: Answer, more: Partial<ProbeClientOptions> = {}) {
  await using server = await startRaw(answer);
  const client = clientOf(server.baseUrl, more);
  const exchange = await client.send(get);
  client.close();
  return { exchange, requests: [...server.requests] };
}

describe("a hanging target takes bounded time", () => {
  it.each<[string, Answer, number | null]>([
    ["that never answers", () => undefined, null],
    ["that stops in its head", (s) => s.write("HTTP/1.1 200 OK\r\ncontent-"), null],
    ["that stops in its body", (s) => s.write(reply(200, "{}", { length: 100 })), 200],
    [
      "that drips one byte at a time for ever",
      (s) => {
        s.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        const drip = (): void => {
          s.write("1\r\nx\r\n");
          if (!s.destroyed) systemClock().after(20, drip);
        };
        drip();
      },
      200,
    ],
  ])("one %s", async (_, answer, status) => {
    const ask = async () => (await once(answer, { timeoutMs: 1_000 })).exchange;
    // To a machine that stood for the second no head had come.
    const exchange = await quietest(ask, (one) => one.status === status);
    expect(exchange.fault).toBe("timeout: no end within 1000 ms");
    expect(exchange.status).toBe(status);
    expect(exchange.durationMs).toBeGreaterThanOrEqual(999);
    expect(exchange.durationMs).toBeLessThan(10_000);
  });

  it("and leaves no connection behind", async () => {
    await using server = await startRaw(() => undefined);
    const client = clientOf(server.baseUrl, { timeoutMs: 400 });
    await client.send(get);
    await eventually(systemClock(), () => server.open() === 0, 10_000);
    client.close();
  });
});

describe("a request that cannot be written", () => {
  it("is refused at once, and nothing of it waits for its timeout", async () => {
    const clock = new TestClock();
    await using server = await startRaw(() => undefined);
    const client = clientOf(server.baseUrl, { clock, apiKey: "sk-a\nsk-b" });
    await expect(client.send(get)).rejects.toMatchObject({ code: "LL_HTTP1_REQUEST" });
    expect(clock.pending).toBe(0);
    expect(server.requests).toEqual([]);
    client.close();
  });
});

describe("an answer that breaks", () => {
  it.each<[string, Answer, RegExp, number | null]>([
    ["is cut short of its length", (s) => s.end(reply(200, "{}", { length: 9 })), /^reset: /, 200],
    [
      "is cut before its last chunk",
      (s) => s.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n"),
      /^reset: /,
      200,
    ],
    ["is no HTTP", (s) => s.end("SSH-2.0-OpenSSH_9.2\r\n\r\n"), /^protocol: /, null],
    ["never begins", (s) => s.end(), /^(reset|stale): /, null],
    [
      "has two lengths",
      (s) => s.end(reply(200, "{}", { headers: "content-length: 3\r\n" })),
      /^protocol: /,
      null,
    ],
  ])("that %s says so and rejects nothing", async (_, answer, fault, status) => {
    const { exchange } = await once(answer);
    expect(exchange.fault).toMatch(fault);
    expect(exchange.status).toBe(status);
  });

  it("a target nobody listens on is a fault of the exchange, never a throw", async () => {
    const server = await startRaw(() => undefined);
    await server[Symbol.asyncDispose]();
    const client = clientOf(server.baseUrl);
    const exchange = await client.send(get);
    client.close();
    expect(exchange).toMatchObject({ status: null, bodyBytes: 0 });
    expect(exchange.fault).toMatch(/connect|refused/i);
  });
});

describe("what is sent", () => {
  it("a redirect is shown as it came and never followed: the key goes to one server", async () => {
    await using other = await startRaw((s) => s.end(reply(200, "{}")));
    const { exchange, requests } = await once((s) =>
      s.end(reply(307, "", { headers: `location: ${other.baseUrl}/models\r\n` })),
    );
    expect(exchange.status).toBe(307);
    expect(requests).toHaveLength(1);
    expect(other.requests).toEqual([]);
  });

  it("the key of the run, a wrong one, or none, as the probe asks", async () => {
    await using server = await startRaw((s) => s.write(reply(200, "{}")));
    const client = clientOf(server.baseUrl);
    for (const key of ["configured", "wrong", "none"] as const) await client.send({ ...get, key });
    client.close();
    const keys = server.requests.map((text) => /authorization: (.*)\r\n/.exec(text)?.[1]);
    expect(keys).toEqual(["Bearer sk-right", `Bearer ${wrongKey}`, undefined]);
    for (const text of server.requests) expect(text).toContain("x-loadline-run: run-7\r\n");
  });

  it("a body goes with its type and its length, a request without one has neither", async () => {
    await using server = await startRaw((s) => s.write(reply(200, "{}")));
    const client = clientOf(server.baseUrl);
    await client.send(chatRequest("m"));
    await client.send(get);
    client.close();
    expect(server.requests[0]).toMatch(/^POST \/v1\/chat\/completions HTTP\/1.1\r\n/);
    expect(server.requests[0]).toContain("content-type: application/json\r\n");
    expect(server.requests[1]).toMatch(/^GET \/v1\/models HTTP\/1.1\r\n/);
    expect(server.requests[1]).not.toMatch(/content-(type|length)/);
  });

  it("a path under the origin stays at the target, with two slashes too", async () => {
    await using server = await startRaw((s) => s.write(reply(200, "{}")));
    const client = clientOf(server.baseUrl);
    const seen = await client.send({ method: "GET", path: "//other.test/up", fromOrigin: true });
    client.close();
    const { origin, host } = new URL(server.baseUrl);
    expect(seen.url).toBe(`${origin}//other.test/up`);
    expect(server.requests[0]).toContain(`GET //other.test/up HTTP/1.1\r\n`);
    expect(server.requests[0]).toContain(`host: ${host}\r\n`);
  });
});

describe("bounds", () => {
  it("no more of a body is kept than its bound, all of it is counted", async () => {
    const body = "x".repeat(keptBytesMax + 300_321);
    const { exchange } = await once((s) => s.end(reply(200, body)));
    expect(exchange.fault).toBeNull();
    expect(exchange.body.length).toBe(keptBytesMax);
    expect(exchange.bodyBytes).toBe(body.length);
  });

  it("more at once than can wait are each told so, and none throws", async () => {
    await using server = await startRaw(() => undefined);
    const client = clientOf(server.baseUrl, { timeoutMs: 400 });
    const all = await Promise.all(Array.from({ length: 30 }, () => client.send(get)));
    client.close();
    const full = all.filter(({ fault }) => fault?.startsWith("queue_full") === true);
    expect(full).toHaveLength(10);
    expect(all.every(({ fault }) => fault !== null)).toBe(true);
  });

  it("a closed client answers with a fault at once", async () => {
    await using server = await startRaw((s) => s.write(reply(200, "{}")));
    const client = clientOf(server.baseUrl);
    client.close();
    expect((await client.send(get)).fault).toMatch(/^aborted: /);
    expect(server.requests).toEqual([]);
  });

  it("an ended run rejects what is under way and what begins later, with its own reason", async () => {
    await using server = await startRaw(() => undefined);
    const stop = new AbortController();
    const client = clientOf(server.baseUrl, { signal: stop.signal, timeoutMs: 60_000 });
    const under = client.send(get);
    await eventually(systemClock(), () => server.requests.length === 1, 10_000);
    stop.abort(new Error("stopped by the user"));
    await expect(under).rejects.toThrow("stopped by the user");
    await expect(client.send(get)).rejects.toThrow("stopped by the user");
    expect(server.requests).toHaveLength(1);
    client.close();
  });
});
