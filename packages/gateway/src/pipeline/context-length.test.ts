import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { completion, endJson, sampleIn } from "../../test/answers.ts";
import { overUpstreams, runGateway, runUpstream } from "../../test/harness.ts";
import { loadConfig } from "../index.ts";

const path = "/v1/chat/completions";
const chat = { model: "m", messages: [{ role: "user", content: "hi" }] };
const tooLong = {
  error: { message: "m", type: "t", param: null, code: "context_length_exceeded" },
};
const event = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
const chunk = { id: "x", object: "chat.completion.chunk", created: 1, model: "big" };
const stream =
  event({ ...chunk, choices: [{ index: 0, delta: { content: "long" } }] }) +
  event({ ...chunk, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }) +
  "data: [DONE]\n\n";

/** Answers as it was asked: a stream or a whole answer. */
function good(response: ServerResponse, body: string): void {
  if (!body.includes('"stream":true')) endJson(response, 200, completion("long"));
  else response.writeHead(200, { "content-type": "text/event-stream" }).end(stream);
}

const refusing =
  (status: number, error: object) =>
  (response: ServerResponse): void =>
    endJson(response, status, error);

/** Targets `u0` in the route's group and `u1` for what is too long for it. */
function settings(small: string, large: string, more: object = {}, rest: object = {}) {
  const { targets } = overUpstreams(small, large);
  const route = { models: ["m"], groups: [{ targets: ["u0"] }], onContextLength: "u1", ...more };
  return { targets, routes: { r: route }, ...rest };
}

describe("a prompt too long for its target", () => {
  it.each([false, true])(
    "is answered by the target the route names (stream: %s)",
    async (isStream) => {
      await using small = await runUpstream(refusing(400, tooLong));
      await using large = await runUpstream(good);
      await using g = await runGateway(settings(small.baseUrl, large.baseUrl));
      const response = await g.post(path, { ...chat, stream: isStream });
      expect(response.status).toBe(200);
      expect(response.headers.get("x-loadline-target")).toBe("u1");
      expect(response.headers.get("x-loadline-attempts")).toBe("2");
      const text = await response.text();
      if (isStream) expect(text).toBe(stream);
      else expect(text).toContain('"long"');
      expect([small.bodies.length, large.bodies.length]).toEqual([1, 1]);
      const metrics = await (await g.get("/metrics")).text();
      const count = (series: string): number => sampleIn(metrics, series);
      expect(count('loadline_failovers_total{from="u0",to="u1",reason="caller"}')).toBe(1);
      expect(count('loadline_upstream_attempts_total{target="u0",class="caller"}')).toBe(1);
      expect(count('loadline_upstream_attempts_total{target="u1",class="ok"}')).toBe(1);
    },
  );

  it.each([
    [
      "in words",
      400,
      { error: { message: "This model's maximum context length is 4096 tokens." } },
    ],
    ["by another code", 400, { error: { code: 400, type: "exceed_context_size_error" } }],
    ["as our own model host does", 400, { error: { code: "LL_MODEL_CONTEXT" } }],
    ["in a list", 400, [{ error: { message: "The input token count (9) exceeds the maximum" } }]],
    ["as 413", 413, { error: { message: "prompt is too long: 9 tokens > 8 maximum" } }],
  ])("is known when it is said %s", async (_how, status, error) => {
    await using small = await runUpstream(refusing(status, error));
    await using large = await runUpstream(good);
    await using g = await runGateway(settings(small.baseUrl, large.baseUrl));
    expect((await g.post(path, chat)).headers.get("x-loadline-target")).toBe("u1");
  });

  it("never counts against its target: 40 of them leave the breaker closed", async () => {
    await using small = await runUpstream(refusing(400, tooLong));
    await using large = await runUpstream(good);
    await using g = await runGateway(settings(small.baseUrl, large.baseUrl));
    for (let i = 0; i < 40; i++) expect((await g.post(path, chat)).status).toBe(200);
    expect([small.bodies.length, large.bodies.length]).toEqual([40, 40]);
  });
});

describe("what the target for long prompts costs", () => {
  const prices = { small: { input: 0, output: 1 }, large: { input: 0, output: 1000 } };
  const limits = [{ scope: "key", resource: "money", limit: 0.01, period: "total" }];
  const usage = { prompt_tokens: 1, completion_tokens: 3, total_tokens: 4 };

  it("is its own price: reserved before, charged after, and it ends the budget", async () => {
    await using small = await runUpstream(refusing(400, tooLong));
    await using large = await runUpstream((response) =>
      endJson(response, 200, completion("long", usage)),
    );
    const of = (model: string, baseUrl: string) => ({
      provider: "openai-compatible",
      model,
      baseUrl,
    });
    const targets = { u0: of("small", small.baseUrl), u1: of("large", large.baseUrl) };
    const { routes } = settings(small.baseUrl, large.baseUrl);
    await using g = await runGateway({ targets, routes, prices, limits });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++)
      statuses.push((await g.post(path, { ...chat, max_tokens: 3 })).status);
    // 0.003 each.
    expect(statuses).toEqual([200, 200, 200, 402]);
  });
});

describe("the first refusal stands, byte for byte", () => {
  const own = JSON.stringify({ ...tooLong, odd: 1 });
  const odd = (response: ServerResponse): void =>
    void response.writeHead(400, { "content-type": "application/json" }).end(own);

  it.each([
    ["when no target is named for it", { onContextLength: undefined }, {}, {}, 0],
    ["when the caller wants no fallback", {}, {}, { "x-loadline-no-fallback": "true" }, 0],
    ["when there is one attempt", {}, { retry: { attempts: 1 } }, {}, 0],
    ["when the named target fails, too", {}, {}, {}, 1],
  ])("%s", async (_when, more, rest, headers, hits) => {
    await using small = await runUpstream(odd);
    await using large = await runUpstream(refusing(500, {}));
    await using g = await runGateway(settings(small.baseUrl, large.baseUrl, more, rest));
    const authorization = `Bearer ${g.key}`;
    const o = { headers: { authorization, "content-type": "application/json", ...headers } };
    const response = await g.post(path, chat, o);
    expect([response.status, await response.text()]).toEqual([400, own]);
    expect([small.bodies.length, large.bodies.length]).toEqual([1, hits]);
  });

  it("when it is about something else than its length", async () => {
    const error = { error: { message: "no such tool", code: "invalid_value" } };
    await using small = await runUpstream(refusing(400, error));
    await using large = await runUpstream(good);
    await using g = await runGateway(settings(small.baseUrl, large.baseUrl));
    expect((await g.post(path, chat)).status).toBe(400);
    expect(large.bodies).toEqual([]);
  });

  it("when the named target is the one that refused: it is asked once", async () => {
    await using small = await runUpstream(odd);
    await using large = await runUpstream(good);
    const more = { onContextLength: "u0" };
    await using g = await runGateway(settings(small.baseUrl, large.baseUrl, more));
    const response = await g.post(path, chat);
    expect([response.status, await response.text()]).toEqual([400, own]);
    expect([small.bodies.length, large.bodies.length]).toEqual([1, 0]);
  });
});

describe("routes.<name>.onContextLength", () => {
  it("that names no target is refused by its path, with the nearest name", () => {
    const read = (): unknown =>
      loadConfig(
        undefined,
        {},
        settings("http://a.test", "http://b.test", { onContextLength: "u" }),
      );
    expect(read).toThrow(/routes\.r\.onContextLength.*there is no target "u"/s);
  });
});
