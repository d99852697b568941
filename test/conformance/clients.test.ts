import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runGateway } from "../../packages/gateway/test/harness.ts";
import { repositoryRoot } from "../architecture/tree.ts";
import { install, runScript } from "./install.ts";

const here = join(repositoryRoot, "test/conformance/clients");
const words = "word0 word1 word2";
const model = "sim";

type Front = "http1" | "node";
const names = ["openai", "anthropic", "ai-sdk", "langchain", "compatcanary"] as const;
type Name = (typeof names)[number];

/** Before any test: what a registry takes is no part of a test's time. */
const folders = new Map(
  await Promise.all(names.map(async (name) => [name, await install(join(here, name))] as const)),
);

/** Runs a client's script against a gateway over the simulator. */
async function runClient(
  name: Name,
  front: Front,
): Promise<{ seen: unknown } | { missing: string }> {
  const installed = folders.get(name) ?? { missing: "not asked for" };
  if ("missing" in installed) return installed;
  await using g = await runGateway({ http: { front } });
  const seen = await runScript(installed.dir, "run.mjs", { url: g.url, key: g.key, model });
  return { seen };
}

/** One per client and front; a client that cannot be installed is skipped, never passed. */
function client(title: string, name: Name, expected: unknown): void {
  it.for<Front>(["http1", "node"])(`${title}, behind front %s`, async (front, context) => {
    const result = await runClient(name, front);
    if ("missing" in result) return context.skip(`NOT TESTED: ${name} (${result.missing})`);
    expect(result.seen).toEqual(expected);
  });
}

describe("clients nobody here wrote", () => {
  client("openai: chat, streams, tools, completions, responses, embeddings, errors", "openai", {
    chat: ["chat.completion", words, true],
    stream: [words, 3],
    tools: ["tool_calls", "weather", '{"city":"word"}'],
    completions: words,
    responses: ["completed", words, 3],
    responsesStream: ["response.created", "response.completed", words],
    responsesTool: [["function_call", "weather", '{"city":"word"}']],
    embeddings: [8, 8],
    models: true,
    errors: [
      ["AuthenticationError", 401, expect.stringMatching(/^LL_AUTH_/), true],
      ["NotFoundError", 404, "LL_MODEL_UNKNOWN", true],
      ["BadRequestError", 400, "LL_BODY_FIELD", true],
    ],
  });

  client("@anthropic-ai/sdk: messages, its strict stream, tools there and back", "anthropic", {
    message: ["message", words, "end_turn", 3],
    stream: ["message_start", "message_stop", words, 3],
    tools: ["tool_use", "tool_use", "weather", { city: "word" }],
    followed: words,
    errors: [
      ["AuthenticationError", 401, "error", "authentication_error", expect.any(String), null],
      ["NotFoundError", 404, "error", "not_found_error", "LL_MODEL_UNKNOWN", "model"],
      ["BadRequestError", 400, "error", "invalid_request_error", "LL_BODY_FIELD", "max_tokens"],
      [
        "BadRequestError",
        400,
        "error",
        "invalid_request_error",
        "LL_TRANSLATE_UNSUPPORTED",
        "top_k",
      ],
    ],
  });

  client("ai with @ai-sdk/openai-compatible: text, streams, tools, embeddings", "ai-sdk", {
    text: [words, "stop", 3],
    stream: [words, "stop", 3],
    tools: [["weather", { city: "word" }]],
    streamedTools: [["weather", { city: "word" }]],
    embeddings: [8, 8],
    error: ["AI_APICallError", 404, false],
  });

  client("@langchain/openai: text, streams, tools, embeddings", "langchain", {
    text: [words, 3],
    stream: [words, 3],
    tools: [["weather", { city: "word" }]],
    embeddings: [8, 8],
    error: [404, "LL_MODEL_UNKNOWN"],
  });

  client("compatcanary gives 100 of 100", "compatcanary", {
    schemaVersion: "compatcanary.report.v1",
    scanner: expect.anything(),
    target: expect.anything(),
    startedAt: expect.any(String),
    completedAt: expect.any(String),
    durationMs: expect.any(Number),
    score: 100,
    compatible: true,
    summary: { passes: 7, warnings: 0, failures: 0, requiredFailures: 0, total: 7 },
    results: expect.any(Array),
  });
});
