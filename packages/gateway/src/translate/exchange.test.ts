import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { runGateway, runUpstream, type Upstream } from "../../test/harness.ts";
import { wires } from "../providers/wire.fixture.ts";

const wire = wires.find((one) => one.path === "/messages");
const stream = wire?.stream ?? "";
const plain = wires[0]?.stream ?? "";
const chatPath = "/v1/chat/completions";
const question = { model: "m", messages: [{ role: "user", content: "hi" }] };

function sse(text: string, isCut = false) {
  return (response: ServerResponse): void => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(text, () => (isCut ? response.destroy() : response.end()));
  };
}

function json(status: number, body: unknown) {
  return (response: ServerResponse): void => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
}

/** A gateway with one route over targets that speak messages (`t`) and chat (`c`). */
function over(t: Upstream, c?: Upstream, more: object = {}) {
  return runGateway({
    targets: {
      t: { provider: wire?.provider, model: "big", baseUrl: t.baseUrl },
      ...(c && { c: { provider: "openai-compatible", model: "big", baseUrl: c.baseUrl } }),
    },
    routes: { r: { models: ["m"], groups: [{ targets: c ? ["t", "c"] : ["t"] }], ...more } },
  });
}

describe("a translated exchange keeps the stream contract", () => {
  it("a failed target of another dialect is hidden by the next, without a byte of it", async () => {
    const [preamble = ""] = stream.split("event: content_block_delta");
    for (const failed of [json(529, {}), sse(preamble), sse(preamble, true)]) {
      await using t = await runUpstream(failed);
      await using c = await runUpstream(sse(plain));
      await using g = await over(t, c);
      const response = await g.post(chatPath, { ...question, stream: true });
      const text = await response.text();
      expect(response.headers.get("x-loadline-target")).toBe("c");
      expect(text).not.toContain("msg_1");
      expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
      expect([t.requests[0]?.url, c.requests[0]?.url]).toEqual([
        "/v1/messages",
        `/v1/chat/completions`,
      ]);
    }
  });

  it("a cut after content ends in one error event of the client's dialect and no marker", async () => {
    const [begun = ""] = stream.split("event: content_block_stop");
    await using t = await runUpstream(sse(begun, true));
    await using g = await over(t);
    const text = await (await g.post(chatPath, { ...question, stream: true })).text();
    expect(text).toContain('"content":"Hel"');
    expect(text.split("\n\n").at(-2)).toContain('"code":"LL_STREAM_CUT"');
    expect(text).not.toContain("[DONE]");
    expect(text).not.toContain("event:");
  });

  it("is not said to go on elsewhere when it is cut, as it cannot; an untranslated one is", async () => {
    const [begun = ""] = stream.split("event: content_block_stop");
    await using t = await runUpstream(sse(begun, true));
    await using c = await runUpstream(sse(plain));
    await using g = await over(t, c, { resume: { max: 1 } });
    const cut = await g.post(chatPath, { ...question, stream: true });
    expect((await cut.text()).split("\n\n").at(-2)).toContain('"code":"LL_STREAM_CUT"');
    expect([cut.headers.get("x-loadline-resume"), c.requests]).toEqual([null, []]);
    await using own = await runGateway({
      targets: { c: { provider: "openai-compatible", model: "big", baseUrl: c.baseUrl } },
      routes: { r: { models: ["m"], groups: [{ targets: ["c"] }], resume: { max: 1 } } },
    });
    const whole = await own.post(chatPath, { ...question, stream: true });
    await whole.text();
    expect(whole.headers.get("x-loadline-resume")).toBe("armed");
  });

  it.each([
    ["is not said to go on elsewhere when it is translated", wire?.provider, null],
    ["is said to go on elsewhere when nobody translates it", "openai-compatible", "armed"],
  ])("a stream whose head went out with a comment alone %s", async (_, provider, said) => {
    const asked = Promise.withResolvers<ServerResponse>();
    await using up = await runUpstream(asked.resolve);
    await using g = await runGateway({
      stream: { keepAlive: 50 },
      targets: { u: { provider, model: "big", baseUrl: up.baseUrl } },
      routes: { r: { models: ["m"], groups: [{ targets: ["u"] }], resume: { max: 1 } } },
    });
    const answer = await g.post(chatPath, { ...question, stream: true });
    expect(answer.headers.get("x-loadline-resume")).toBe(said);
    (await asked.promise).destroy();
    expect(await answer.text()).toMatch(/^:/);
  });

  it("an Anthropic client's cut stream ends in Anthropic's error event", async () => {
    const [begun = ""] = plain.split(
      'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"big-2025","choices":[{"index":0,"delta":{},',
    );
    await using c = await runUpstream(sse(begun, true));
    await using g = await runGateway({
      targets: { c: { provider: "openai-compatible", model: "big", baseUrl: c.baseUrl } },
      routes: { r: { models: ["m"], groups: [{ targets: ["c"] }] } },
    });
    const asked = { ...question, max_tokens: 9, stream: true };
    const text = await (await g.post("/v1/messages", asked)).text();
    expect(text).toContain('"text":"Hel"');
    const events = text.split("\n\n").filter((event) => event !== "");
    expect(events.at(-1)).toMatch(/^event: error\ndata: \{"type":"error","error":.*LL_STREAM_CUT/);
    expect(text).not.toContain("message_stop");
  });

  it("what nests too deep to be written anew fails that target alone, streamed and whole", async () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const block = `{"type":"tool_use","id":"t","name":"f","input":{"a":${deep}}}`;
    const start = `{"type":"content_block_start","index":0,"content_block":${block}}`;
    const [head = ""] = stream.split("event: content_block_start");
    await using streamed = await runUpstream(
      sse(`${head}event: content_block_start\ndata: ${start}\n\n`),
    );
    const whole = `{"id":"m","type":"message","role":"assistant","model":"big","content":[${block}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":1}}`;
    await using answered = await runUpstream((response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(whole);
    });
    for (const [t, isStream] of [
      [streamed, true],
      [answered, false],
    ] as const) {
      await using c = await runUpstream(isStream ? sse(plain) : json(200, wires[0]?.answer ?? {}));
      await using g = await over(t, c);
      const response = await g.post(chatPath, { ...question, stream: isStream });
      await response.text();
      expect([response.status, response.headers.get("x-loadline-target")]).toEqual([200, "c"]);
      expect(t.requests).toHaveLength(1);
    }
  });

  it("an upstream's refusal of the request reaches the client as its own kind of error", async () => {
    const refusal = {
      type: "error",
      error: { type: "invalid_request_error", message: "too long" },
    };
    await using t = await runUpstream(json(400, refusal));
    await using g = await over(t);
    const response = await g.post(chatPath, question);
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { message: "too long", type: "invalid_request_error", param: null } },
    ]);
  });

  it("tokens of a translated stream are booked as the upstream reported them", async () => {
    await using t = await runUpstream(sse(stream));
    await using g = await over(t);
    await (await g.post(chatPath, { ...question, stream: true })).text();
    const metrics = await (await g.get("/metrics")).text();
    expect(metrics).toMatch(/loadline_tokens_total\{model="m",direction="in"[^}]*\} 5\n/);
    expect(metrics).toMatch(/loadline_tokens_total\{model="m",direction="out"[^}]*\} 2\n/);
  });
});
