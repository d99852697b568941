// The official OpenAI client against any base URL: prints one JSON object of what it saw.
import OpenAI from "openai";

const [, , url, apiKey, model] = process.argv;
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
const messages = [{ role: "user", content: "hello" }];
const parameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const tools = [{ type: "function", function: { name: "weather", parameters } }];
const seen = {};

const chat = await client.chat.completions.create({ model, messages });
seen.chat = [chat.object, chat.choices[0].message.content, chat.usage.total_tokens > 0];

let text = "";
let usage = 0;
const stream = await client.chat.completions.create({
  model,
  messages,
  stream: true,
  stream_options: { include_usage: true },
});
for await (const chunk of stream) {
  text += chunk.choices[0]?.delta?.content ?? "";
  usage = chunk.usage?.completion_tokens ?? usage;
}
seen.stream = [text, usage];

const called = await client.chat.completions
  .stream({ model, messages, tools, tool_choice: "required" })
  .finalChatCompletion();
const call = called.choices[0].message.tool_calls[0];
seen.tools = [called.choices[0].finish_reason, call.function.name, call.function.arguments];

const completion = await client.completions.create({ model, prompt: "hello" });
seen.completions = completion.choices[0].text;

const response = await client.responses.create({ model, input: "hello" });
seen.responses = [response.status, response.output_text, response.usage.output_tokens];

const events = [];
const typed = client.responses.stream({ model, input: "hello" });
for await (const event of typed) events.push(event.type);
const final = await typed.finalResponse();
seen.responsesStream = [events[0], events.at(-1), final.output_text];

const answered = await client.responses.create({
  model,
  input: "hello",
  tools: [{ type: "function", name: "weather", parameters, strict: true }],
  tool_choice: "required",
});
seen.responsesTool = answered.output.map((item) => [item.type, item.name, item.arguments]);

const embedded = await client.embeddings.create({ model, input: ["a", "b"] });
seen.embeddings = embedded.data.map((item) => item.embedding.length);

const models = [];
for await (const item of client.models.list()) models.push(item.id);
seen.models = models.includes(model);

seen.errors = [];
const wrong = new OpenAI({ baseURL: `${url}/v1`, apiKey: "ll_wrong", maxRetries: 0 });
for (const ask of [
  () => wrong.chat.completions.create({ model, messages }),
  () => client.chat.completions.create({ model: "nobody-serves-this", messages }),
  () => client.chat.completions.create({ model, messages, n: "three" }),
]) {
  const error = await ask().catch((caught) => caught);
  seen.errors.push([
    error.constructor.name,
    error.status,
    error.code,
    error.requestID !== undefined,
  ]);
}
process.stdout.write(`${JSON.stringify(seen)}\n`);
