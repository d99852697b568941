// The official OpenAI client as a servant of the fault table: one call per line of input, one line
// of output with what its caller saw. `{"leave": ID}` aborts a call that runs.
import { createInterface } from "node:readline";
import OpenAI, { APIError } from "openai";

const running = new Map();

async function ask({ url, headers, model, isStream }, signal, seen) {
  const apiKey = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "none";
  const client = new OpenAI({
    baseURL: `${url}/v1`,
    apiKey,
    maxRetries: 0,
    defaultHeaders: headers,
  });
  const messages = [{ role: "user", content: "hi" }];
  const call = client.chat.completions.create({ model, messages, stream: isStream }, { signal });
  const { data, response } = await call.withResponse();
  seen.status = response.status;
  seen.headers = Object.fromEntries(response.headers);
  if (isStream) {
    for await (const chunk of data) seen.words.push(chunk.choices?.[0]?.delta?.content ?? "");
  } else seen.words.push(data.choices?.[0]?.message?.content ?? "");
  seen.isComplete = true;
}

async function serve(line) {
  const asked = JSON.parse(line);
  if (asked.leave !== undefined) return void running.get(asked.leave)?.abort();
  const leaving = new AbortController();
  running.set(asked.id, leaving);
  const seen = { id: asked.id, status: 0, headers: {}, words: [], isComplete: false };
  try {
    await ask(asked, leaving.signal, seen);
  } catch (cause) {
    if (cause instanceof APIError) {
      if (cause.status !== undefined) seen.status = cause.status;
      if (cause.headers) seen.headers = Object.fromEntries(cause.headers);
      seen.error = cause.error ?? { message: cause.message, code: cause.code ?? "" };
    } else seen.error = { message: String(cause), code: "" };
  }
  running.delete(asked.id);
  process.stdout.write(`${JSON.stringify(seen)}\n`);
}

createInterface({ input: process.stdin }).on("line", (line) => void serve(line));
