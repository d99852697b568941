import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { StackRule } from "../probe.ts";
import { readBody } from "../wire/read-body.ts";
import { listening } from "./listening.ts";
import type { StackStub } from "./stub.ts";

/** What a route of a twin sees. */
export interface WebCall {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

export interface WebReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly reply: string;
}

/** A route is found by how `METHOD /path BODY` begins; the first one that fits answers. */
export interface WebRoute {
  readonly when: string;
  readonly answer: WebReply | ((call: WebCall) => WebReply);
}

export interface WebStubOptions {
  /** Refuses a request before any route; null lets it in. */
  readonly guard?: (call: WebCall) => WebReply | null;
  /** Takes connections that ask for an upgrade. */
  readonly upgrade?: (request: IncomingMessage, socket: Duplex) => void;
}

/** JSON as a reply. */
export const jsonReply = (value: unknown, status = 200): WebReply => ({
  status,
  reply: JSON.stringify(value),
});

/** An HTTP service of one test, described by routes; rules of a saboteur come before all. */
export async function startWebStub(
  rules: readonly StackRule[],
  routes: readonly WebRoute[],
  o: WebStubOptions = {},
): Promise<StackStub> {
  const answer = (call: WebCall): WebReply => {
    const line = `${call.method} ${call.path} ${call.text}`;
    const rule = rules.find(({ when }) => line.startsWith(when));
    if (rule !== undefined) return rule;
    const refused = o.guard?.(call) ?? null;
    if (refused !== null) return refused;
    const found = routes.find(({ when }) => line.startsWith(when))?.answer;
    if (found === undefined) return { status: 404, reply: '{"error":"no such route"}' };
    return typeof found === "function" ? found(call) : found;
  };
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    readBody(request, (text) => {
      const { method = "GET", url: path = "/", headers } = request;
      const { status = 200, headers: extra = {}, reply } = answer({ method, path, headers, text });
      response.writeHead(status, { "content-type": "application/json", ...extra }).end(reply);
    });
  };
  const server = createServer(serve);
  const { upgrade } = o;
  if (upgrade !== undefined) {
    server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
      socket.once("end", () => socket.destroy());
      upgrade(request, socket);
    });
  }
  const door = await listening(server);
  return {
    url: `http://127.0.0.1:${door.port}`,
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  };
}
