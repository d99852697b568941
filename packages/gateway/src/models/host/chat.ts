import type { ServerResponse } from "node:http";
import type { Token } from "node-llama-cpp";
import { modelErrors } from "../error-table.ts";
import { parseChatRequest } from "./chat-request.ts";
import type { ChatRequest } from "./chat-request.ts";
import type { EngineSequence } from "./engine.ts";
import type { Fields } from "./fields.ts";
import type { HostContext } from "./host-context.ts";
import { sendJson } from "./reply.ts";
import { createStopText } from "./stop-text.ts";

type FinishReason = "stop" | "length";

interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

interface Answer {
  readonly finish: FinishReason;
  readonly usage: Usage;
}

/** Answers one chat request, whole or as a stream; the client's leaving ends the generation. */
export async function answerChat(
  context: HostContext,
  fields: Fields,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const request = parseChatRequest(fields);
  const prompt = context.engine.render(request.messages);
  if (prompt.length >= context.engine.contextTokens) {
    const message = `${prompt.length} tokens do not fit into ${context.engine.contextTokens}.`;
    throw modelErrors.make("LL_MODEL_CONTEXT", message, { param: "messages" });
  }
  const sequence = await context.slots.take(signal);
  try {
    const run = { context, request, prompt, sequence, signal };
    if (request.isStream) await streamAnswer(run, response);
    else await wholeAnswer(run, response);
  } finally {
    context.slots.give(sequence);
  }
}

interface Run {
  readonly context: HostContext;
  readonly request: ChatRequest;
  readonly prompt: readonly Token[];
  readonly sequence: EngineSequence;
  readonly signal: AbortSignal;
}

/** Generates until the end of turn, a stop sequence, the token limit, or the signal. */
async function generate(run: Run, send: (text: string) => Promise<void> | void): Promise<Answer> {
  const { context, request, prompt, signal } = run;
  const room = context.engine.contextTokens - prompt.length;
  const tokensMax = Math.min(request.tokensMax ?? room, room);
  const stopText = createStopText(request.stops);
  let tokens = 0;
  let finish: FinishReason = "stop";
  for await (const { text, isEnd } of run.sequence.generate(prompt, request.sampling)) {
    tokens++;
    context.counters.tokens++;
    signal.throwIfAborted();
    const safe = stopText.push(text);
    if (safe !== "") await send(safe);
    if (isEnd || stopText.isStopped) break;
    if (tokens >= tokensMax) {
      finish = "length";
      break;
    }
  }
  const rest = stopText.rest();
  if (rest !== "") await send(rest);
  const usage = {
    prompt_tokens: prompt.length,
    completion_tokens: tokens,
    total_tokens: prompt.length + tokens,
  };
  return { finish, usage };
}

function headOf(context: HostContext, object: string): Record<string, unknown> {
  const id = `chatcmpl-${Buffer.from(context.random.bytes(12)).toString("hex")}`;
  const created = Math.floor(context.clock.wallMs() / 1000);
  return { id, object, created, model: context.modelName };
}

async function wholeAnswer(run: Run, response: ServerResponse): Promise<void> {
  let content = "";
  const { finish, usage } = await generate(run, (text) => {
    content += text;
  });
  const message = { role: "assistant", content, refusal: null };
  sendJson(response, 200, {
    ...headOf(run.context, "chat.completion"),
    choices: [{ index: 0, message, logprobs: null, finish_reason: finish }],
    usage,
  });
}

async function streamAnswer(run: Run, response: ServerResponse): Promise<void> {
  const head = headOf(run.context, "chat.completion.chunk");
  const { hasUsageChunk } = run.request;
  const usageOf = (usage: Usage | null) => (hasUsageChunk ? { usage } : {});
  const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
  const chunk = (delta: object, finish: FinishReason | null): string => {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
    return event({ ...head, choices, ...usageOf(null) });
  };
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
  });
  response.write(chunk({ role: "assistant", content: "" }, null));
  const { finish, usage } = await generate(run, async (text) => {
    if (!response.write(chunk({ content: text }, null))) await drained(response, run.signal);
  });
  response.write(chunk({}, finish));
  if (hasUsageChunk) response.write(event({ ...head, choices: [], usage }));
  response.end("data: [DONE]\n\n");
}

/** Waits until a slow reader has taken what was written; rejects when it leaves. */
function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onDrain = (): void => {
    signal.removeEventListener("abort", onAbort);
    resolve();
  };
  const onAbort = (): void => {
    response.off("drain", onDrain);
    reject(signal.reason);
  };
  response.once("drain", onDrain);
  signal.addEventListener("abort", onAbort, { once: true });
  return promise;
}
