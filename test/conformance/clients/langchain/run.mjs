// LangChain's OpenAI models: prints one JSON object of what they saw.
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";

const [, , url, apiKey, model] = process.argv;
const configuration = { baseURL: `${url}/v1` };
const chat = new ChatOpenAI({ model, apiKey, configuration, maxRetries: 0, streamUsage: true });
const weather = {
  type: "function",
  function: {
    name: "weather",
    parameters: {
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
    },
  },
};
const seen = {};

const whole = await chat.invoke("hello");
seen.text = [whole.content, whole.usage_metadata.output_tokens];

let text = "";
let tokens = 0;
for await (const chunk of await chat.stream("hello")) {
  text += chunk.content;
  tokens = chunk.usage_metadata?.output_tokens ?? tokens;
}
seen.stream = [text, tokens];

const called = await chat.bindTools([weather], { tool_choice: "required" }).invoke("hello");
seen.tools = called.tool_calls.map((call) => [call.name, call.args]);

const embeddings = new OpenAIEmbeddings({ model, apiKey, configuration, maxRetries: 0 });
seen.embeddings = (await embeddings.embedDocuments(["a", "b"])).map((values) => values.length);

const wrong = new ChatOpenAI({ model: "nobody-serves-this", apiKey, configuration, maxRetries: 0 });
const error = await wrong.invoke("hello").catch((caught) => caught);
seen.error = [error.status, error.code];
process.stdout.write(`${JSON.stringify(seen)}\n`);
