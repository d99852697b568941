import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { parseJson } from "@loadline/kit/json";
import type { StubMatch, StubRule } from "../probes/probe.ts";
import { isRecord } from "../probes/shapes.ts";
import { unknownModel } from "../probes/openai-unknown-model.ts";
import { listening } from "../stack/stubs/listening.ts";
import { stubBodyBytesMax, stubKey } from "./clean-stub.ts";

export interface StubServer extends AsyncDisposable {
  /** Base URL, with `/v1`. */
  readonly baseUrl: string;
  close(): Promise<void>;
}

type Seen = Required<Pick<StubMatch, "method" | "path" | "key">> &
  Pick<StubMatch, "body" | "usageAsked">;

function readKey(request: IncomingMessage): Seen["key"] {
  const header = request.headers.authorization;
  if (header === undefined) return "none";
  return header === `Bearer ${stubKey}` ? "right" : "wrong";
}

function readBody(text: string): Pick<StubMatch, "body" | "usageAsked"> {
  if (text.length > stubBodyBytesMax) return { body: "oversized" };
  const value = parseJson(text);
  if (!isRecord(value)) return { body: "malformed" };
  if (value["model"] === unknownModel) return { body: "unknown-model" };
  const needed = value["messages"] ?? value["input"];
  if (!Array.isArray(needed)) return { body: "invalid" };
  const options = value["stream_options"];
  const usageAsked = isRecord(options) && options["include_usage"] === true;
  return { body: value["stream"] === true ? "stream" : "plain", usageAsked };
}

function matches(when: StubMatch, seen: Seen): boolean {
  return Object.entries(when).every(([name, value]) => seen[name as keyof StubMatch] === value);
}

function answer(response: ServerResponse, rule: StubRule): void {
  const { events } = rule;
  if (events !== undefined) {
    const payloads = events.map(
      (e) => `data: ${typeof e === "string" ? e : JSON.stringify(e)}\n\n`,
    );
    response.writeHead(rule.status, { "content-type": "text/event-stream", ...rule.headers });
    response.end(payloads.join(""));
    return;
  }
  const isJson = rule.text === undefined;
  const type = isJson ? "application/json" : "text/plain";
  response.writeHead(rule.status, { "content-type": type, ...rule.headers });
  response.end(rule.text ?? JSON.stringify(rule.json ?? {}));
}

async function serve(
  rules: readonly StubRule[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString("utf8");
  const seen: Seen = {
    method: request.method ?? "",
    path: (request.url ?? "").split("?")[0] ?? "",
    key: readKey(request),
    ...(request.method === "POST" ? readBody(text) : {}),
  };
  const rule = rules.find(({ when }) => matches(when, seen));
  answer(response, rule ?? { when: {}, status: 404, text: "no rule" });
}

/** Starts a server on loopback that answers by rules, the first match wins. */
export async function startStub(rules: readonly StubRule[]): Promise<StubServer> {
  const server = createServer((request, response) => {
    serve(rules, request, response).catch((cause: unknown) => {
      response.destroy(cause instanceof Error ? cause : new Error(String(cause)));
    });
  });
  const door = await listening(server);
  const close = (): Promise<void> => Promise.resolve(door[Symbol.asyncDispose]());
  return { baseUrl: `http://127.0.0.1:${door.port}/v1`, close, [Symbol.asyncDispose]: close };
}
