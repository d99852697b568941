// The official Anthropic client against any base URL: prints one JSON object of what it saw.
import Anthropic from "@anthropic-ai/sdk";

const [, , url, apiKey, model] = process.argv;
const client = new Anthropic({ baseURL: url, apiKey, maxRetries: 0 });
const messages = [{ role: "user", content: "hello" }];
const ask = { model, max_tokens: 64, messages };
const tools = [
  {
    name: "weather",
    input_schema: {
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
    },
  },
];
const seen = {};

const whole = await client.messages.create({ ...ask, system: "Be brief." });
seen.message = [whole.type, whole.content[0].text, whole.stop_reason, whole.usage.output_tokens];

// The accumulator refuses events that are out of order.
const stream = client.messages.stream(ask);
const types = [];
stream.on("streamEvent", (event) => types.push(event.type));
const final = await stream.finalMessage();
seen.stream = [types[0], types.at(-1), final.content[0].text, final.usage.output_tokens];

const called = await client.messages
  .stream({ ...ask, tools, tool_choice: { type: "any" } })
  .finalMessage();
const [block] = called.content;
seen.tools = [called.stop_reason, block.type, block.name, block.input];

const followed = await client.messages.create({
  ...ask,
  tools,
  messages: [
    ...messages,
    { role: "assistant", content: called.content },
    {
      role: "user",
      content: [{ type: "tool_result", tool_use_id: block.id, content: "sunny" }],
    },
  ],
});
seen.followed = followed.content[0].text;

seen.errors = [];
const wrong = new Anthropic({ baseURL: url, apiKey: "ll_wrong", maxRetries: 0 });
for (const run of [
  () => wrong.messages.create(ask),
  () => client.messages.create({ ...ask, model: "nobody-serves-this" }),
  () => client.messages.create({ ...ask, max_tokens: undefined }),
  () => client.messages.create({ ...ask, top_k: 5 }),
]) {
  const error = await run().catch((caught) => caught);
  const { type, error: inner } = error.error ?? {};
  seen.errors.push([
    error.constructor.name,
    error.status,
    type,
    inner?.type,
    inner?.code,
    inner?.param,
  ]);
}
process.stdout.write(`${JSON.stringify(seen)}\n`);
