import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runGateway, runUpstream } from "../../../packages/gateway/test/harness.ts";
import { wires } from "../../../packages/gateway/src/providers/wire.fixture.ts";
import { repositoryRoot } from "../../architecture/tree.ts";
import { install } from "../install.ts";
import { type Typed, typeErrors } from "./type-check.ts";

const clients = join(repositoryRoot, "test/conformance/clients");
const [openai, anthropic] = await Promise.all([
  install(join(clients, "openai")),
  install(join(clients, "anthropic")),
]);
/** The types of completions know no finish reason of null, which every chunk but the last has. */
const openaiImport = `import type OpenAI from "openai";
type Choice = OpenAI.CompletionChoice;
type TextChoice = Omit<Choice, "finish_reason"> & { finish_reason: Choice["finish_reason"] | null };
type TextChunk = Omit<OpenAI.Completion, "choices"> & { choices: TextChoice[] };`;
const anthropicImport = 'import type Anthropic from "@anthropic-ai/sdk";';
const chunkType = "OpenAI.ChatCompletionChunk";

const messages = [{ role: "user", content: "hello" }];
const parameters = { type: "object", properties: { city: { type: "string" } } };
const forced = {
  tools: [{ type: "function", function: { name: "weather", parameters } }],
  tool_choice: "required",
};
const usage = { stream_options: { include_usage: true } };

/** Targets: the simulator, and upstreams of other dialects with recorded answers. */
async function runAll(front: string) {
  const upstreams = await Promise.all(
    wires.map((wire) =>
      runUpstream((response, body, request) => {
        const isStream = body.includes('"stream":true') || (request.url ?? "").includes("alt=sse");
        const type = isStream ? "text/event-stream" : "application/json";
        response.writeHead(200, { "content-type": type });
        response.end(isStream ? wire.stream : JSON.stringify(wire.answer));
      }),
    ),
  );
  const names = wires.map((wire) => wire.provider);
  const targets = Object.fromEntries(
    wires.map(({ provider, settings }, i) => [
      provider,
      { provider, model: "big", baseUrl: upstreams[i]?.baseUrl, ...settings },
    ]),
  );
  const route = (name: string) => [name, { models: [name], groups: [{ targets: [name] }] }];
  const gateway = await runGateway({
    http: { front },
    targets: {
      sim: { provider: "simulator", tokens: 3, latency: 0, tokensPerSecond: 1e6 },
      ...targets,
    },
    routes: Object.fromEntries(["sim", ...names].map(route)),
  });
  return {
    models: ["sim", ...names],
    gateway,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      for (const upstream of upstreams) await upstream[Symbol.asyncDispose]();
    },
  };
}

type All = Awaited<ReturnType<typeof runAll>>;

async function events(all: All, path: string, body: object): Promise<unknown[]> {
  const response = await all.gateway.post(path, { ...body, stream: true });
  const text = await response.text();
  expect([response.status, text]).toEqual([200, expect.stringContaining("data: ")]);
  return text
    .split("\n\n")
    .flatMap((event) => event.split("\n").filter((line) => line.startsWith("data: ")))
    .map((line) => line.slice(6))
    .filter((data) => data !== "[DONE]")
    .map((data): unknown => JSON.parse(data, withOutputText));
}

/** `output_text` is a member the client adds to the answer; its types know no answer without it. */
function withOutputText(_key: string, value: unknown): unknown {
  const isResponse = typeof value === "object" && value !== null && "object" in value;
  return isResponse && value.object === "response" ? { ...value, output_text: "" } : value;
}

async function whole(all: All, path: string, body: object): Promise<unknown> {
  const response = await all.gateway.post(path, body);
  expect(response.status).toBe(200);
  return response.json();
}

describe.each(["http1", "node"])(
  "every answer has its client's published types, front %s",
  (front) => {
    it.skipIf("missing" in openai)(
      "OpenAI: chat over every provider, completions, responses",
      async () => {
        if ("missing" in openai) return;
        await using all = await runAll(front);
        const values: Typed[] = [];
        for (const model of all.models) {
          for (const more of [{}, usage, ...(model === "sim" ? [forced] : [])]) {
            const chunks = await events(all, "/v1/chat/completions", { model, messages, ...more });
            values.push(...chunks.map((value) => ({ type: chunkType, value })));
          }
          const chat = await whole(all, "/v1/chat/completions", { model, messages });
          values.push({ type: "OpenAI.ChatCompletion", value: chat });
        }
        const asked = { model: "sim", input: "hello" };
        const tool = { type: "function", name: "weather", parameters, strict: true };
        for (const more of [{}, { tools: [tool], tool_choice: "required" }]) {
          const typed = await events(all, "/v1/responses", { ...asked, ...more });
          values.push(
            ...typed.map((value) => ({ type: "OpenAI.Responses.ResponseStreamEvent", value })),
          );
        }
        const completions = await events(all, "/v1/completions", { model: "sim", prompt: "hello" });
        values.push(...completions.map((value) => ({ type: "TextChunk", value })));
        const embedded = await whole(all, "/v1/embeddings", asked);
        values.push({ type: "OpenAI.CreateEmbeddingResponse", value: embedded });
        expect(values.length).toBeGreaterThan(40);
        expect(await typeErrors(openai.dir, openaiImport, values)).toEqual([]);
      },
    );

    it.skipIf("missing" in anthropic)(
      "Anthropic: messages by translation and passed on",
      async () => {
        if ("missing" in anthropic) return;
        await using all = await runAll(front);
        const values: Typed[] = [];
        const tools = [{ name: "weather", input_schema: parameters }];
        const asked = { model: "sim", max_tokens: 64, messages };
        for (const more of [{}, { tools, tool_choice: { type: "any" } }]) {
          const typed = await events(all, "/v1/messages", { ...asked, ...more });
          values.push(
            ...typed.map((value) => ({ type: "Anthropic.RawMessageStreamEvent", value })),
          );
        }
        const message = await whole(all, "/v1/messages", asked);
        values.push({ type: "Anthropic.Message", value: message });
        expect(values.length).toBeGreaterThan(10);
        expect(await typeErrors(anthropic.dir, anthropicImport, values)).toEqual([]);
      },
    );

    it.skipIf("missing" in openai)("a chunk without its index is an error", async () => {
      if ("missing" in openai) return;
      const choice = { delta: {}, finish_reason: null };
      const chunk = { id: "x", object: "chat.completion.chunk", created: 0, model: "m" };
      const good = { ...chunk, choices: [{ ...choice, index: 0 }] };
      const check = (value: unknown) =>
        typeErrors(openai.dir, openaiImport, [{ type: chunkType, value }]);
      expect(await check(good)).toEqual([]);
      expect((await check({ ...chunk, choices: [choice] })).join("\n")).toContain("index");
    });
  },
);
