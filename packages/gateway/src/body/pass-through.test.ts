import { describe, expect, it } from "vitest";
import { overUpstreams, runGateway, runUpstream } from "../../test/harness.ts";

/** Bodies no serialiser would write, by path; `m` is the model's only mention. */
const odd: readonly (readonly [path: string, body: string])[] = [
  [
    "/v1/chat/completions",
    '{ "temperature":1.0e0,"model" :"m"\n,"messages":[ {"role":"user","content":"\\u00e9\\/"} ],"x":12345678901234567890 }',
  ],
  [
    "/v1/chat/completions",
    '{"\\u006dodel":"m","messages":[],"unknown":{"model":"y","b":[1E+2,-0.0]},"":0}',
  ],
  [
    "/v1/chat/completions",
    '\t{"stream_options":null,"messages":[],"zero":-0,"model":"m","a":"\\ud83d\\ude00"}\r\n',
  ],
  ["/v1/completions", '{"prompt":["a" , "b"],"best_of":1.0,"model":"m"}'],
  ["/v1/embeddings", '{"input":[[1,2.0,3]],"model":"m","dimensions":1e1}'],
];
const answers: Readonly<Record<string, string>> = {
  "/v1/embeddings": '{"data":[ ],"z":1.0e0}',
};
const answer =
  '{ "choices":[{"odd":1.50}],"usage":{"prompt_tokens":1,"completion_tokens":1},"y":1E2 }';

describe("pass-through", () => {
  it.each(odd)("%s: every byte but the model's name is the client's: %s", async (path, body) => {
    const given = answers[path] ?? answer;
    await using up = await runUpstream((response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(given);
    });
    await using g = await runGateway(overUpstreams(up.baseUrl));
    const response = await g.post(path, body);
    expect(await response.text()).toBe(given);
    expect(up.bodies).toEqual([body.replace('"m"', '"big"')]);
    expect(up.requests[0]?.url).toBe(path);
  });

  it("our own object never reaches the upstream, and an unknown member of it is refused", async () => {
    await using up = await runUpstream((response) => void response.end(answer));
    await using g = await runGateway(overUpstreams(up.baseUrl));
    const path = "/v1/chat/completions";
    await g.post(path, '{"model":"m", "loadline":{"noFallback":true},"messages":[]}');
    expect(up.bodies).toEqual(['{"model":"big", "messages":[]}']);
    const refused = await g.post(path, '{"model":"m","loadline":{"no":1},"messages":[]}');
    expect([refused.status, await refused.json()]).toMatchObject([
      400,
      { error: { code: "LL_BODY_FIELD", param: "loadline.no" } },
    ]);
    expect(up.bodies).toHaveLength(1);
  });

  it.each([
    ["/v1/messages", { model: "m", messages: [] }, "max_tokens"],
    ["/v1/messages", { model: "m", max_tokens: 1 }, "messages"],
    ["/v1/responses", { model: "m" }, "input"],
    ["/v1/responses", { model: "m", input: "x", max_output_tokens: 0 }, "max_output_tokens"],
    ["/v1/completions", { model: "m", prompt: 7 }, "prompt"],
    ["/v1/embeddings", { model: "m", input: "x", stream: true }, "stream"],
    ["/v1/chat/completions", { model: "m", messages: [], tools: {} }, "tools"],
    ["/v1/chat/completions", { model: "m", messages: [], user: 1 }, "user"],
  ])(
    "%s %j is refused by the name of its member, and asked of nobody",
    async (path, body, param) => {
      await using up = await runUpstream((response) => void response.end(answer));
      await using g = await runGateway(overUpstreams(up.baseUrl));
      const response = await g.post(path, body);
      const isAnthropic = path === "/v1/messages";
      expect([response.status, await response.json()]).toMatchObject([
        400,
        { ...(isAnthropic && { type: "error" }), error: { code: "LL_BODY_FIELD", param } },
      ]);
      expect(response.headers.get(isAnthropic ? "request-id" : "x-request-id")).toMatch(/^req_/);
      expect(up.bodies).toEqual([]);
    },
  );

  it("a responses stream passes byte for byte and ends with its own last event", async () => {
    const events = [
      'event: response.created\ndata: {"type":"response.created","n":1.0}\n\n',
      'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"a"}\n\n',
      'event: response.completed\ndata: {"type":"response.completed","response":{"usage":{"input_tokens":2,"output_tokens":3}}}\n\n',
    ];
    await using up = await runUpstream((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(events.join(""));
    });
    const over = { provider: "openai-compatible", model: "big", baseUrl: up.baseUrl };
    await using g = await runGateway({
      targets: { u: { ...over, serves: ["responses"] } },
      routes: { r: { models: ["m"], groups: [{ targets: ["u"] }] } },
    });
    const response = await g.post("/v1/responses", { model: "m", input: "x", stream: true });
    expect(await response.text()).toBe(events.join(""));
    const metrics = await (await g.get("/metrics")).text();
    expect(metrics).toContain('loadline_stream_exits_total{route="r",exit="ok"} 1\n');
    const unserved = await g.post("/v1/chat/completions", { model: "m", messages: [] });
    expect([unserved.status, await unserved.json()]).toMatchObject([
      400,
      { error: { code: "LL_ROUTE_UNSUPPORTED" } },
    ]);
  });

  it("a stream without [DONE] is whole where the target says that the marker is optional", async () => {
    const chunk =
      'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}\n\n';
    await using up = await runUpstream((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(chunk);
    });
    const over = { provider: "openai-compatible", model: "big", baseUrl: up.baseUrl };
    await using g = await runGateway({
      targets: { a: { ...over, endMarker: "optional" }, b: over },
      routes: {
        r: { models: ["m"], groups: [{ targets: ["a"] }] },
        s: { models: ["n"], groups: [{ targets: ["b"] }] },
      },
    });
    const ask = async (model: string): Promise<string> =>
      (await g.post("/v1/chat/completions", { model, messages: [], stream: true })).text();
    expect(await ask("m")).toBe(`${chunk}data: [DONE]\n\n`);
    expect(await ask("n")).toContain("LL_STREAM_CUT");
  });
});
