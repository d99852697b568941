import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { errorCode, overUpstreams, runGateway, runUpstream } from "../../test/harness.ts";

const path = "/v1/chat/completions";
const chat = { model: "m", messages: [] };
const stream = { ...chat, stream: true };

function delta(content: string, finish: string | null = null): string {
  const choices = [{ index: 0, delta: { content }, finish_reason: finish }];
  return `data: ${JSON.stringify({ choices, odd: 1 }).replace('"odd":1', '"odd":1.0e0')}\n\n`;
}
const usage = 'data: {"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":3}}\n\n';
const done = "data: [DONE]\n\n";

function sse(text: string, end: (response: ServerResponse) => void = (r) => void r.end()) {
  return (response: ServerResponse): void => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    if (text !== "") response.write(text, () => end(response));
    else end(response);
  };
}
const json =
  (status: number, value: unknown, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(value));
  };
const cut = (response: ServerResponse): void => void response.destroy();

describe("a whole stream", () => {
  const whole = delta("") + delta("a") + delta("b", "stop") + usage + done;

  it("reaches the client byte for byte, without the usage it did not ask for", async () => {
    await using up = await runUpstream(sse(whole));
    await using g = await runGateway(overUpstreams(up.baseUrl));
    const answer = await g.post(path, stream);
    expect(answer.headers.get("content-type")).toContain("text/event-stream");
    expect(await answer.text()).toBe(whole.replace(usage, ""));
    expect(up.bodies).toEqual([
      '{"model":"big","messages":[],"stream":true,"stream_options":{"include_usage":true}}',
    ]);
  });

  it("is one behind a byte order mark, and under a type in capitals", async () => {
    await using up = await runUpstream((response) => {
      response.writeHead(200, { "content-type": "Text/Event-Stream;charset=UTF-8" });
      response.end(`\uFEFF${delta("first")}${delta("b", "stop")}${done}`);
    });
    await using g = await runGateway(overUpstreams(up.baseUrl));
    const answer = await g.post(path, stream);
    expect(await answer.text()).toBe(delta("first") + delta("b", "stop") + done);
  });

  it("keeps the usage for a client that asked", async () => {
    await using up = await runUpstream(sse(whole));
    await using g = await runGateway(overUpstreams(up.baseUrl));
    const answer = await g.post(path, { ...stream, stream_options: { include_usage: true } });
    expect(await answer.text()).toBe(whole);
  });

  it.each([201, 203])("is one under status %i, too", async (status) => {
    await using up = await runUpstream((response) => {
      response.writeHead(status, { "content-type": "text/event-stream" });
      response.end(whole);
    });
    await using g = await runGateway(overUpstreams(up.baseUrl));
    const answer = await g.post(path, stream);
    expect([answer.status, await answer.text()]).toEqual([200, whole.replace(usage, "")]);
  });

  it("sent one byte at a time is the same stream", async () => {
    await using up = await runUpstream((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const bytes = whole.split("");
      const next = (): void => {
        const byte = bytes.shift();
        if (byte === undefined) response.end();
        else response.write(byte, () => setImmediate(next));
      };
      next();
    });
    await using g = await runGateway(overUpstreams(up.baseUrl));
    expect(await (await g.post(path, stream)).text()).toBe(whole.replace(usage, ""));
  });
});

describe("a stream that fails before content has a real status", () => {
  it.each([
    ["ends at once", sse("")],
    ["has only a preamble", sse(delta(""))],
    ["is cut after the preamble", sse(delta(""), cut)],
    ["starts with an error event", sse('data: {"error":{"message":"x"}}\n\n')],
    ["starts with an unreadable event", sse("data: {nope\n\n")],
    ["is only an end marker", sse(done)],
    ["is JSON under status 200", json(200, { error: { message: "x" } })],
    ["is status 500", json(500, {})],
  ])("%s: 502", async (_name, answer) => {
    await using up = await runUpstream(answer);
    await using g = await runGateway(overUpstreams(up.baseUrl));
    const response = await g.post(path, stream);
    expect([response.status, await errorCode(response)]).toEqual([502, "LL_UPSTREAM_FAILED"]);
  });
});

describe("a stream that fails after content ends in one error event and no end marker", () => {
  it.each([
    ["cut", sse(delta("a"), cut), "LL_STREAM_CUT"],
    ["ended without marker", sse(delta("a") + delta("", "stop")), "LL_STREAM_CUT"],
    ["marker without finish", sse(delta("a") + done), "LL_STREAM_CUT"],
    [
      "error event",
      sse(`${delta("a")}data: {"error":{"message":"x"}}\n\n`),
      "LL_STREAM_UPSTREAM_ERROR",
    ],
    ["unreadable event", sse(`${delta("a")}data: {nope\n\n`), "LL_STREAM_BAD_EVENT"],
  ])("%s", async (_name, answer, code) => {
    await using up = await runUpstream(answer);
    await using g = await runGateway(overUpstreams(up.baseUrl));
    const response = await g.post(path, stream);
    const text = await response.text();
    expect(response.status).toBe(200);
    const events = text.split("\n\n").filter((event) => event !== "");
    expect(events.at(-1)).toContain(`"code":"${code}"`);
    expect(text.match(/"error"/g)).toHaveLength(1);
    expect(text).toContain('"content":"a"');
    expect(text).not.toContain("[DONE]");
    const metrics = await (await g.get("/metrics")).text();
    expect(metrics).toContain('loadline_stream_exits_total{route="r",exit="cut"} 1\n');
  });

  it("a stall is cut by the idle timer", async () => {
    await using up = await runUpstream(sse(delta("a"), () => undefined));
    await using g = await runGateway({ ...overUpstreams(up.baseUrl), timeouts: { idle: "100ms" } });
    expect(await (await g.post(path, stream)).text()).toContain("LL_STREAM_STALL");
  });
});

describe("answers that are not streams", () => {
  it("a whole answer passes byte for byte", async () => {
    const body = '{ "choices":[ {"n":1.0e0} ] ,"usage":{"prompt_tokens":1,"completion_tokens":2}}';
    await using up = await runUpstream((response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(body);
    });
    await using g = await runGateway(overUpstreams(up.baseUrl));
    const answer = await g.post(path, chat);
    expect(await answer.text()).toBe(body);
    expect(answer.headers.get("x-loadline-target")).toBe("u0");
  });

  it("one under another 2xx is an answer; 204 without a body is none, and the next is asked", async () => {
    const choices = { choices: [{}] };
    await using up = await runUpstream(json(201, choices));
    await using empty = await runUpstream((response) => void response.writeHead(204).end());
    await using g = await runGateway(overUpstreams(empty.baseUrl, up.baseUrl));
    const answer = await g.post(path, chat);
    expect([answer.status, await answer.json()]).toEqual([200, choices]);
    expect(answer.headers.get("x-loadline-target")).toBe("u1");
  });

  it.each(["text/html", "application/json\té", "x".repeat(30_000)])(
    "is JSON to the client, whatever type an upstream gives it: %.20s",
    async (type) => {
      await using up = await runUpstream(json(200, { choices: [{}] }, { "content-type": type }));
      await using g = await runGateway(overUpstreams(up.baseUrl));
      const answer = await g.post(path, chat);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([
        200,
        "application/json",
      ]);
    },
  );

  it.each([
    ["an error under 200", json(200, { error: { message: "x" } }), 502, "LL_UPSTREAM_FAILED"],
    ["no JSON under 200", (r: ServerResponse) => void r.end("<html>"), 502, "LL_UPSTREAM_FAILED"],
    ["no content under 200", json(200, {}), 502, "LL_UPSTREAM_FAILED"],
    ["refused credentials", json(401, {}), 502, "LL_UPSTREAM_AUTH"],
    ["its own limit", json(429, {}, { "retry-after": "7" }), 429, "LL_UPSTREAM_BUSY"],
    ["its own limit in ms", json(429, {}, { "retry-after-ms": "6500" }), 429, "LL_UPSTREAM_BUSY"],
    [
      "a cut body",
      (r: ServerResponse) => void r.write('{"choices"', () => r.destroy()),
      502,
      "LL_UPSTREAM_FAILED",
    ],
  ])("%s becomes our error", async (_name, answer, status, code) => {
    await using up = await runUpstream(answer);
    await using g = await runGateway(overUpstreams(up.baseUrl));
    const response = await g.post(path, chat);
    expect([response.status, await errorCode(response)]).toEqual([status, code]);
    expect(response.headers.get("retry-after")).toBe(status === 429 ? "7" : null);
  });

  it("an upstream's 400 is the caller's and passes as it is", async () => {
    const error = {
      error: { message: "too long", type: "x", code: "context_length", param: null },
    };
    await using up = await runUpstream(json(400, error));
    await using g = await runGateway(overUpstreams(up.baseUrl, up.baseUrl));
    const response = await g.post(path, chat);
    expect([response.status, await response.json()]).toEqual([400, error]);
    expect(up.bodies).toHaveLength(1);
  });

  it("a dead upstream is 502, a silent one 504", async () => {
    await using dead = await runGateway(overUpstreams("http://127.0.0.1:9/v1"));
    expect((await dead.post(path, chat)).status).toBe(502);
    await using up = await runUpstream(() => undefined);
    await using g = await runGateway({
      ...overUpstreams(up.baseUrl),
      timeouts: { firstByte: 100 },
    });
    const response = await g.post(path, chat);
    expect([response.status, await errorCode(response)]).toEqual([504, "LL_UPSTREAM_TIMEOUT"]);
  });

  it("the next target answers when the first fails, for streams before content, too", async () => {
    await using bad = await runUpstream(sse(delta(""), cut));
    await using good = await runUpstream(sse(delta("b", "stop") + done));
    await using g = await runGateway(overUpstreams(bad.baseUrl, good.baseUrl));
    const response = await g.post(path, stream);
    expect(response.headers.get("x-loadline-target")).toBe("u1");
    expect(response.headers.get("x-loadline-attempts")).toBe("2");
    expect(await response.text()).toBe(delta("b", "stop") + done);
  });
});

describe("ends from this side", () => {
  it("a client that leaves ends the upstream's request", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await using up = await runUpstream((response) => {
      response.on("close", resolve);
      sse(delta("a"), () => undefined)(response);
    });
    await using g = await runGateway(overUpstreams(up.baseUrl));
    const leave = new AbortController();
    const response = await g.post(path, stream, {
      signal: leave.signal,
      headers: headersOf(g.key),
    });
    await response.body?.getReader().read();
    leave.abort();
    await promise;
    await expect
      .poll(async () => (await g.get("/metrics")).text())
      .toContain('loadline_stream_exits_total{route="r",exit="client_left"} 1\n');
  });

  it("drain lets a request finish within its grace", async () => {
    const held: ServerResponse[] = [];
    await using up = await runUpstream((response) => void held.push(response));
    const drain = { accept: 0, grace: "5s" };
    await using g = await runGateway({ ...overUpstreams(up.baseUrl), drain });
    const pending = g.post(path, chat);
    await expect.poll(() => held.length).toBe(1);
    const closing = g.gateway.close();
    for (const response of held) json(200, { choices: [1] })(response);
    expect(await closing).toEqual({ finished: 1, cut: 0 });
    expect((await pending).status).toBe(200);
  });

  it("drain ends a stream that goes on with an error event", async () => {
    await using up = await runUpstream(sse(delta("a"), () => undefined));
    await using g = await runGateway(overUpstreams(up.baseUrl));
    const response = await g.post(path, stream);
    expect(await g.gateway.close({ graceMs: 0 })).toEqual({ finished: 0, cut: 1 });
    const text = await response.text();
    expect(text).toContain("LL_SERVER_DRAINING");
    expect(text).not.toContain("[DONE]");
  });
});

function headersOf(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}`, "content-type": "application/json" };
}
