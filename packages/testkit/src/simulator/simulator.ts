import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Clock } from "@loadline/kit/clock";
import { isRecord, type JsonRecord, parseJson } from "@loadline/kit/json";
import { listenOnLoopback } from "../listen.ts";
import { completion, envelope, streamEvents, words } from "./answers.ts";
import type { Lies } from "./lies.ts";

/** From request number `from` (0-based) up to `to` exclusive the fault is given in place of an answer. */
export interface ScheduledFault {
  readonly from: number;
  readonly to: number;
  /**
   * An HTTP status, or the connection is reset; `stall`: nothing is answered, of a stream nothing
   * after half of its tokens, and the connection stays.
   */
  readonly give: number | "reset" | "stall";
}

export interface SimulatorOptions {
  readonly clock: Clock;
  readonly apiKey?: string;
  readonly model?: string;
  /** Before the first byte, ms, default 0. */
  readonly ttftMs?: number;
  /** Between tokens, ms, default 0. */
  readonly tokenMs?: number;
  readonly bodyBytesMax?: number;
  readonly faults?: readonly ScheduledFault[];
  readonly lies?: Lies;
}

export interface Simulator extends AsyncDisposable {
  /** Base URL, with `/v1`. */
  readonly baseUrl: string;
  /** Chat requests accepted so far: those the fault schedule counts. */
  readonly chats: number;
  close(): Promise<void>;
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

function reset({ socket }: ServerResponse): void {
  socket?.resetAndDestroy();
}

function recordIn(text: string): JsonRecord | null {
  const value = parseJson(text);
  return isRecord(value) ? value : null;
}

interface State {
  readonly o: SimulatorOptions;
  readonly lies: Lies;
  readonly model: string;
  chats: number;
}

async function stream(
  state: State,
  response: ServerResponse,
  count: number,
  how: { readonly usage: boolean; readonly stalls: boolean },
): Promise<void> {
  const { o, model, lies } = state;
  response.writeHead(200, { "content-type": "text/event-stream" });
  const events = streamEvents(model, count, { ...lies, usage: how.usage });
  for (const event of how.stalls ? events.slice(0, Math.ceil(count / 2)) : events) {
    response.write(`data: ${event}\n\n`);
    if ((o.tokenMs ?? 0) > 0) await o.clock.sleep(o.tokenMs ?? 0);
  }
  if (!how.stalls) response.end();
}

function refusal(state: State, body: Record<string, unknown> | null): [number, string] | null {
  const { model, lies } = state;
  if (body === null) return lies.acceptMalformed ? null : [400, "the body is not JSON"];
  if (!Array.isArray(body["messages"])) return [400, "messages is not a list"];
  return body["model"] === model ? null : [404, "the model does not exist"];
}

async function chat(state: State, response: ServerResponse, text: string): Promise<void> {
  const number = state.chats++;
  const fault = state.o.faults?.find(({ from, to }) => number >= from && number < to);
  const stalls = fault?.give === "stall";
  if (fault?.give === "reset") reset(response);
  else if (fault === undefined || stalls) await answer(state, response, { text, stalls });
  else sendJson(response, Number(fault.give), envelope("scheduled fault", "server_error"));
}

async function answer(
  state: State,
  response: ServerResponse,
  { text, stalls }: { readonly text: string; readonly stalls: boolean },
): Promise<void> {
  const { o, model, lies } = state;
  const body = recordIn(text);
  const refused = refusal(state, body);
  if (refused !== null) {
    sendJson(response, refused[0], envelope(refused[1]));
    return;
  }
  const count = Math.min(Number(body?.["max_tokens"] ?? 4), words.length);
  if ((o.ttftMs ?? 0) > 0) await o.clock.sleep(o.ttftMs ?? 0);
  const usage = JSON.stringify(body?.["stream_options"] ?? {}).includes('"include_usage":true');
  if (body?.["stream"] === true) await stream(state, response, count, { usage, stalls });
  else if (!stalls) sendJson(response, 200, completion(model, count, lies));
}

async function serve(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { o, model, lies } = state;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const bytes = Buffer.concat(chunks);
  const key = request.headers.authorization;
  if (request.url === "/healthz" || request.url === "/") {
    sendJson(response, 200, { status: "ok" });
  } else if (o.apiKey !== undefined && !lies.noAuth && key !== `Bearer ${o.apiKey}`) {
    sendJson(response, 401, envelope("wrong or missing key", "authentication_error"));
  } else if (bytes.length > (o.bodyBytesMax ?? 1024 * 1024) && !lies.acceptOversized) {
    sendJson(response, 413, envelope("the body is too large"));
  } else if (request.url === "/v1/models") {
    sendJson(response, 200, { object: "list", data: [{ id: model, object: "model" }] });
  } else if (request.url === "/v1/chat/completions") {
    await chat(state, response, bytes.toString("utf8"));
  } else sendJson(response, 404, envelope("no such route"));
}

/** An honest OpenAI-shaped upstream with known delays, scheduled faults and optional lies. */
export async function startSimulator(o: SimulatorOptions): Promise<Simulator> {
  const state: State = { o, lies: o.lies ?? {}, model: o.model ?? "sim-model", chats: 0 };
  const server = createServer((request, response) => {
    serve(state, request, response).catch((cause: unknown) => {
      response.destroy(cause instanceof Error ? cause : new Error(String(cause)));
    });
  });
  const port = await listenOnLoopback(server);
  const close = (): Promise<void> => {
    server.closeAllConnections();
    return new Promise((resolve) => {
      server.close(() => resolve());
    });
  };
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    get chats() {
      return state.chats;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
