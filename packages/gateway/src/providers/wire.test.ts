import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseJson } from "@loadline/kit/json";
import { runGateway, runUpstream, temporaryDir } from "../../test/harness.ts";
import { listOf, recordOf, textOf } from "../dialects/json.ts";
import { classifyError, classifyReported } from "../upstream/classify.ts";
import { findProvider, providers } from "./index.ts";
import { type Wire, wires } from "./wire.fixture.ts";

const question = { model: "m", messages: [{ role: "user", content: "hi" }] };
const chatPath = "/v1/chat/completions";

function settingsOf(wire: Wire, baseUrl: string) {
  const keyFile = join(temporaryDir(), "key");
  writeFileSync(keyFile, "k1\n");
  const target = {
    provider: wire.provider,
    model: "big",
    baseUrl,
    keys: [`\${file:${keyFile}}`],
    ...wire.settings,
  };
  return { targets: { t: target }, routes: { r: { models: ["m"], groups: [{ targets: ["t"] }] } } };
}

async function runWire(wire: Wire) {
  const upstream = await runUpstream((response, body, request) => {
    const isStream = body.includes('"stream":true') || textOf(request.url).includes("alt=sse");
    response.writeHead(200, {
      "content-type": isStream ? "text/event-stream" : "application/json",
    });
    response.end(isStream ? wire.stream : JSON.stringify(wire.answer));
  });
  const gateway = await runGateway(settingsOf(wire, upstream.baseUrl));
  return { upstream, gateway };
}

describe.each(wires)("$provider on the wire", (wire) => {
  it("is asked at its path, with its key and headers, and answers a chat", async () => {
    const { upstream, gateway } = await runWire(wire);
    await using _upstream = upstream;
    await using g = gateway;
    const response = await g.post(chatPath, question);
    const answer = recordOf(await response.json());
    const [request] = upstream.requests;
    expect(request?.url).toBe(`/v1${wire.path}`);
    const [name, value] = wire.auth;
    expect(request?.headers[name]).toBe(value);
    expect(request?.headers).toMatchObject(wire.headers);
    const choice = recordOf(listOf(answer["choices"])[0]);
    expect(choice).toMatchObject({ message: { content: "Hello!" }, finish_reason: "stop" });
    expect(answer["usage"]).toMatchObject({ prompt_tokens: 5, completion_tokens: 2 });
  });

  it("streams a chat to its end, with the usage it was told", async () => {
    const { upstream, gateway } = await runWire(wire);
    await using _upstream = upstream;
    await using g = gateway;
    const asked = { ...question, stream: true, stream_options: { include_usage: true } };
    const text = await (await g.post(chatPath, asked)).text();
    expect(upstream.requests[0]?.url).toBe(`/v1${wire.streamPath}`);
    const chunks = text.split("\n\n").map((event) => recordOf(parseJson(event.slice(6))));
    const said = chunks.map((chunk) => {
      const delta = recordOf(recordOf(listOf(chunk["choices"])[0])["delta"]);
      return textOf(delta["content"]);
    });
    expect(said.join("")).toBe("Hello!");
    expect(text).toContain('"finish_reason":"stop"');
    expect(text).toMatch(/"usage":\{"prompt_tokens":5,"completion_tokens":2/);
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  it.each([false, true])(
    "what it says is the caller's fault is told the caller in a chat's envelope (in a list: %s)",
    async (isList) => {
      const said = wire.errors.find(([, , failure]) => failure === "caller")?.[1];
      const upstream = await runUpstream((response) => {
        response.writeHead(400, { "content-type": "application/json" });
        response.end(JSON.stringify(isList ? [said] : said));
      });
      await using _upstream = upstream;
      await using g = await runGateway(settingsOf(wire, upstream.baseUrl));
      const response = await g.post(chatPath, question);
      expect([response.status, response.headers.get("x-loadline-target")]).toEqual([400, "t"]);
      const { message } = recordOf(recordOf(said)["error"]);
      expect(recordOf(recordOf(await response.json())["error"])["message"]).toBe(message);
    },
  );

  it.each(wire.errors)("its %i %j is of class %3$s", (status, body, failure) => {
    const rules = findProvider(wire.provider)?.errors ?? [];
    expect(classifyError(rules, status, false, Buffer.from(JSON.stringify(body)))).toBe(failure);
  });
});

describe("providers", () => {
  it("every provider that is reached over HTTP has a wire", () => {
    const http = providers.filter((provider) => provider.auth).map((provider) => provider.id);
    expect(wires.map((wire) => wire.provider).toSorted()).toEqual(http.toSorted());
  });

  it("each of several keys of a target is a credential of its own, named without its secret", async () => {
    const upstream = await runUpstream((response) => void response.end("{}"));
    await using _upstream = upstream;
    const files = ["k1", "k2"].map((key) => {
      const file = join(temporaryDir(), key);
      writeFileSync(file, key);
      return `\${file:${file}}`;
    });
    const target = { provider: "openai-compatible", model: "m", baseUrl: upstream.baseUrl };
    await using g = await runGateway({
      targets: { t: { ...target, keys: files } },
      routes: { r: { models: ["m"], groups: [{ targets: ["t"] }] } },
    });
    expect(g.logged()).not.toContain("k1");
    await g.post(chatPath, question);
    expect(upstream.requests[0]?.headers.authorization).toMatch(/^Bearer k[12]$/);
  });

  it("rules of a target drop, clamp and rename members on their way", async () => {
    const upstream = await runUpstream((response) => void response.end("{}"));
    await using _upstream = upstream;
    const params = {
      drop: ["seed"],
      clamp: { temperature: { max: 1 } },
      rename: { max_tokens: "limit" },
    };
    const target = { provider: "openai-compatible", model: "m", baseUrl: upstream.baseUrl, params };
    await using g = await runGateway({
      targets: { t: target },
      routes: { r: { models: ["m"], groups: [{ targets: ["t"] }] } },
    });
    await g.post(
      chatPath,
      '{"model":"m","seed":1, "temperature":1.9,"messages":[ ],"max_tokens":7.0}',
    );
    expect(upstream.bodies[0]).toBe('{"model":"m", "temperature":1,"messages":[ ],"limit":7.0}');
  });

  it.each([
    ["anthropic", { error: { type: "overloaded_error" } }, "overloaded"],
    ["openai", { error: { code: "insufficient_quota" } }, "key"],
    ["gemini", { error: { status: "RESOURCE_EXHAUSTED" } }, "rate_limited"],
    ["openai", { error: { message: "x" } }, "server"],
    ["openai-compatible", {}, "server"],
  ])("%s: an error event %j is of class %s", (provider, body, failure) => {
    const event = Buffer.from(`event: error\ndata: ${JSON.stringify(body)}\n\n`);
    expect(classifyReported(findProvider(provider)?.errors ?? [], event)).toBe(failure);
  });

  it("a target that may drop says what it dropped, and one that may not refuses by name", async () => {
    const wire = wires.find((one) => one.provider.startsWith("anth"));
    if (!wire) throw new Error("no wire");
    const dropping = { ...wire, settings: { unsupported: "drop" } };
    const ask = { ...question, seed: 7, logit_bias: {} };
    for (const [one, status] of [
      [wire, 400],
      [dropping, 200],
    ] as const) {
      const { upstream, gateway } = await runWire(one);
      await using _upstream = upstream;
      await using g = gateway;
      const response = await g.post(chatPath, ask);
      expect(response.status).toBe(status);
      expect(response.headers.get("x-loadline-dropped")).toBe(
        status === 200 ? "logit_bias,seed" : null,
      );
      const shown = recordOf(recordOf(await response.json())["error"]);
      expect(shown["param"]).toBe(status === 200 ? undefined : "logit_bias");
      expect(upstream.bodies.join("")).not.toContain("seed");
    }
  });

  it("a target that knows no stream usage is not asked for it", async () => {
    const upstream = await runUpstream((response) => void response.end("{}"));
    await using _upstream = upstream;
    const target = { provider: "openai-compatible", model: "m", baseUrl: upstream.baseUrl };
    await using g = await runGateway({
      targets: { t: { ...target, streamUsage: false } },
      routes: { r: { models: ["m"], groups: [{ targets: ["t"] }] } },
    });
    await (await g.post(chatPath, { ...question, stream: true })).text();
    expect(upstream.bodies[0]).not.toContain("stream_options");
  });

  it("an Anthropic client reaches an Anthropic target byte for byte, its version passed on", async () => {
    const wire = wires.find((one) => one.auth[0] === "x-api-key");
    if (!wire) throw new Error("no wire");
    const { upstream, gateway } = await runWire(wire);
    await using _upstream = upstream;
    await using g = gateway;
    const body =
      '{"model":"m", "max_tokens":9,"messages":[{"role":"user","content":"h\\u0069"}],"odd":1.0}';
    const headers = {
      "x-api-key": g.key,
      "content-type": "application/json",
      "anthropic-version": "2024-01-01",
      "anthropic-beta": "b1",
    };
    const response = await g.post("/v1/messages", body, { headers });
    expect(await response.text()).toBe(JSON.stringify(wire.answer));
    expect(response.headers.get("request-id")).toMatch(/^req_/);
    expect(upstream.bodies[0]).toBe(body.replace('"m"', '"big"'));
    expect(upstream.requests[0]?.headers).toMatchObject({
      "anthropic-version": "2024-01-01",
      "anthropic-beta": "b1",
      "x-api-key": "k1",
    });
    const streamed = await g.post("/v1/messages", body.replace('"odd"', '"stream":true,"odd"'), {
      headers,
    });
    expect(await streamed.text()).toBe(wire.stream);
  });
});
