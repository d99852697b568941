import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Clock } from "@loadline/kit/clock";
import { type GatewayErrorCode, gatewayErrors } from "../../errors.ts";
import type { Exchange } from "../../pipeline/exchange.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { errorBody, statusOf } from "../../stream/frames.ts";
import { NodeClient, type RequestHandler } from "./client.ts";
import { Underway } from "./underway.ts";

export interface FrontOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly headMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
  readonly connectionsMax: number;
  readonly headBytesMax: number;
  readonly clock: Clock;
  nextId(): string;
  /** Answers what is under /admin; missing: nothing is. */
  readonly admin?: RequestHandler | undefined;
}

export interface Front {
  /** Resolves to the base URL; LL_SERVER_PORT_IN_USE when another process listens there. */
  listen(): Promise<string>;
  /** Answers from now on close their connection. */
  beginDrain(): void;
  /** Takes no more connections and closes idle ones. */
  stopAccepting(): void;
  /** Breaks what is still open; resolves when the server is closed. */
  close(): Promise<void>;
}

const requestsPerConnectionMax = 10_000;
const headersMax = 100;
const checkMs = 1000;

/** The only code that knows Node's request and response objects. */
export function createNodeFront(pipeline: Pipeline, o: FrontOptions): Front {
  const server = createServer({
    headersTimeout: o.headMs,
    requestTimeout: Math.max(o.requestMs, o.headMs),
    keepAliveTimeout: o.keepAliveMs,
    connectionsCheckingInterval: Math.min(checkMs, o.headMs),
    maxHeaderSize: o.headBytesMax,
    noDelay: true,
  });
  server.maxConnections = o.connectionsMax;
  server.maxRequestsPerSocket = requestsPerConnectionMax;
  server.maxHeadersCount = headersMax;
  let isDraining = false;
  let closed: Promise<void> | undefined;
  const underway = new Underway();
  const plain = { clock: o.clock, isExpecting: false, admin: o.admin };
  const expecting = { clock: o.clock, isExpecting: true, admin: o.admin };
  const onRequest = (
    request: IncomingMessage,
    response: ServerResponse,
    how: typeof plain = plain,
  ): void => {
    if (isDraining) response.shouldKeepAlive = false;
    const client = new NodeClient(request, response, how);
    const x: Exchange = pipeline.begin(client);
    if (!x.isOver) underway.add(request.socket, client, x);
  };
  server.on("request", (request, response) => onRequest(request, response));
  server.on("checkContinue", (request, response) => onRequest(request, response, expecting));
  server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
    const client = new NodeClient(request, response, plain);
    const id = o.nextId();
    const headers = ["content-type", "application/json", "x-request-id", id];
    client.answer(417, headers, errorBody({ code: "LL_HTTP_EXPECT" }, id));
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    refuseRaw(socket, codeOf(error), o.nextId());
  });
  const stop = (): Promise<void> => {
    closed ??= new Promise((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    return closed;
  };
  return {
    listen: () => listen(server, o),
    beginDrain: () => void (isDraining = true),
    stopAccepting: () => void stop(),
    async close() {
      const stopped = stop();
      server.closeAllConnections();
      await stopped;
    },
  };
}

function listen(server: Server, o: FrontOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === "EADDRINUSE";
      const code = isTaken ? "LL_SERVER_PORT_IN_USE" : "LL_SERVER_LISTEN";
      const what = isTaken ? "is in use" : `cannot be listened on (${cause.code ?? "?"})`;
      reject(gatewayErrors.make(code, `${o.host}:${o.port} ${what}.`, { cause }));
    });
    server.listen({ host: o.host, port: o.port }, () => {
      const address: AddressInfo | string | null = server.address();
      const port = typeof address === "object" && address ? address.port : o.port;
      resolve(`http://${o.host.includes(":") ? `[${o.host}]` : o.host}:${port}`);
    });
  });
}

function codeOf(error: NodeJS.ErrnoException): GatewayErrorCode {
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return "LL_HTTP_TIMEOUT";
  return error.code === "HPE_HEADER_OVERFLOW" ? "LL_HTTP_HEAD_TOO_LARGE" : "LL_HTTP_HEADER";
}

/** Answers a connection whose request never became one. */
function refuseRaw(socket: Socket, code: GatewayErrorCode, id: string): void {
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const status = statusOf(code);
  const body = errorBody({ code }, id);
  socket.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json\r\nx-request-id: ${id}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
