// The AI SDK with its OpenAI-compatible provider: prints one JSON object of what it saw.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embedMany, generateText, streamText, tool } from "ai";
import { z } from "zod";

const [, , url, apiKey, model] = process.argv;
const provider = createOpenAICompatible({
  name: "loadline",
  baseURL: `${url}/v1`,
  apiKey,
  includeUsage: true,
});
const chat = provider.chatModel(model);
const prompt = "hello";
const tools = { weather: tool({ inputSchema: z.object({ city: z.string() }) }) };
const seen = {};

const whole = await generateText({ model: chat, prompt, maxRetries: 0 });
seen.text = [whole.text, whole.finishReason, whole.usage.outputTokens];

const stream = streamText({ model: chat, prompt, maxRetries: 0 });
let text = "";
for await (const part of stream.textStream) text += part;
seen.stream = [text, await stream.finishReason, (await stream.usage).outputTokens];

const forced = { model: chat, prompt, tools, toolChoice: "required", maxRetries: 0 };
const called = await generateText(forced);
seen.tools = called.toolCalls.map((call) => [call.toolName, call.input]);
const streamed = streamText(forced);
await streamed.consumeStream();
seen.streamedTools = (await streamed.toolCalls).map((call) => [call.toolName, call.input]);

const embedded = await embedMany({
  model: provider.embeddingModel(model),
  values: ["a", "b"],
  maxRetries: 0,
});
seen.embeddings = embedded.embeddings.map((values) => values.length);

const error = await generateText({
  model: provider.chatModel("nobody-serves-this"),
  prompt,
  maxRetries: 0,
}).catch((caught) => caught);
seen.error = [error.name, error.statusCode, error.isRetryable];
process.stdout.write(`${JSON.stringify(seen)}\n`);
