import { parseJson } from "@loadline/kit/json";
import type { Exchange } from "./exchange.ts";
import type { StreamOptions } from "./options.ts";

const planned: StreamOptions = { chunks: 8, gapMs: 5 };
/** What every answer of a chat has beside its choices. */
const shared = { id: "chatcmpl-reference", created: 0, model: "reference" };
const head = { "content-type": "text/event-stream", "cache-control": "no-cache" };

/** Chat completions of OpenAI's dialect, as JSON or as a stream. */
export function answerChat(exchange: Exchange): void {
  const o = exchange.state.options.stream ?? planned;
  const wanted = asked(exchange.request.body.toString("utf8"));
  if (wanted === null) {
    const message = "the body is no JSON object with a list of messages";
    exchange.json(400, { error: { message, type: "invalid_request_error" } });
  } else if (wanted.stream) startStream(exchange, o);
  else {
    const waitMs = ((o.firstMs ?? 0) + o.chunks * o.gapMs) * exchange.slower;
    exchange.after(waitMs, () => exchange.json(200, whole(o.chunks)));
  }
}

/** The same stream for any method, without a body. */
export function answerStream(exchange: Exchange): void {
  startStream(exchange, exchange.state.options.stream ?? planned);
}

function asked(text: string): { stream: boolean } | null {
  const body = parseJson(text);
  if (typeof body !== "object" || body === null) return null;
  if ("messages" in body && !Array.isArray(body.messages)) return null;
  return { stream: "stream" in body && body.stream === true };
}

function startStream(exchange: Exchange, o: StreamOptions): void {
  if (o.writes !== undefined) {
    playWrites(exchange, o.writes, 0);
    return;
  }
  exchange.after((o.firstMs ?? 0) * exchange.slower, () => {
    exchange.startChunks(200, head);
    if (o.buffered === true) {
      const takesMs = Math.max(0, o.chunks - 1) * o.gapMs * exchange.slower;
      exchange.after(takesMs, () => {
        const events = Array.from({ length: o.chunks }, (_, i) => event(i)).join("");
        exchange.chunk(`${events}${ending(o)}`);
        exchange.lastChunk(200);
      });
    } else nextChunk(exchange, o, 0);
  });
}

function nextChunk(exchange: Exchange, o: StreamOptions, at: number): void {
  if (exchange.socket.destroyed) {
    exchange.broken(() => undefined);
  } else if (o.cutAfter !== undefined && at >= o.cutAfter) {
    exchange.broken((socket) => socket.end());
  } else if (at >= o.chunks) {
    exchange.chunk(ending(o));
    exchange.lastChunk(200);
  } else {
    exchange.chunk(event(at));
    exchange.after(at + 1 < o.chunks ? o.gapMs * exchange.slower : 0, () =>
      nextChunk(exchange, o, at + 1),
    );
  }
}

/** Bytes as given, status line and all: what a corpus case describes. */
function playWrites(
  exchange: Exchange,
  writes: NonNullable<StreamOptions["writes"]>,
  at: number,
): void {
  const write = writes[at];
  if (write === undefined) {
    exchange.done(200);
    return;
  }
  exchange.after(write.afterMs, () => {
    exchange.socket.write(Buffer.from(write.base64, "base64"));
    playWrites(exchange, writes, at + 1);
  });
}

function event(at: number): string {
  const choices = [{ index: 0, delta: { content: `w${at} ` }, finish_reason: null }];
  return `data: ${JSON.stringify({ ...shared, object: "chat.completion.chunk", choices })}\n\n`;
}

function ending(o: StreamOptions): string {
  const choices = [{ index: 0, delta: {}, finish_reason: "stop" }];
  const usage = usageOf(o.chunks);
  const last = `data: ${JSON.stringify({ ...shared, object: "chat.completion.chunk", choices, usage })}\n\n`;
  return o.noEndMarker === true ? last : `${last}data: [DONE]\n\n`;
}

const usageOf = (tokens: number): Readonly<Record<string, number>> => ({
  prompt_tokens: 4,
  completion_tokens: tokens,
  total_tokens: 4 + tokens,
});

function whole(chunks: number): unknown {
  const content = Array.from({ length: chunks }, (_, i) => `w${i}`).join(" ");
  return {
    ...shared,
    object: "chat.completion",
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage: usageOf(chunks),
  };
}
