import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { nodeHttp } from "@loadline/kit/node-http";
import { errorBody } from "../../dialects/envelope.ts";
import { type GatewayErrorCode, statusOf } from "../../errors.ts";
import type { Exchange } from "../../pipeline/exchange.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { type Front, type FrontOptions, headersMax, requestsPerConnectionMax } from "../front.ts";
import { type ClientOptions, NodeClient } from "./client.ts";
import { listening } from "./listening.ts";
import { Underway } from "./underway.ts";

/** A front that can also take over connections another one accepted. */
export interface NodeFront extends Front {
  /** Begins to watch its connections' times without listening itself. */
  serveAdopted(): void;
  /** Serves a connection from `bytes`, which were read from it, on. */
  adopt(socket: Socket, bytes: Buffer): void;
}

const checkMs = 1000;

/** The only code that knows Node's request and response objects. */
export function createNodeFront(pipeline: Pipeline, o: FrontOptions): NodeFront {
  const server = boundedServer(o);
  let isDraining = false;
  const underway = new Underway();
  const connections = watchReaders(server, underway, o.stalledMs);
  const hasUnsent = (): boolean => [...connections].some((one) => one.writableLength > 0);
  const door = listening(server, o, hasUnsent);
  const { clock, admin, trust, tls } = o;
  const closing = new WeakSet<Socket>();
  const plain: ClientOptions = { clock, closing, isExpecting: false, admin, trust, tls };
  const expecting: ClientOptions = { ...plain, isExpecting: true };
  const onRequest = (
    request: IncomingMessage,
    response: ServerResponse,
    how: ClientOptions = plain,
  ): void => {
    if (closing.has(request.socket)) return;
    const asked = underway.asked(request.socket);
    if (isDraining) response.shouldKeepAlive = false;
    const client = new NodeClient(request, response, how);
    if (asked >= requestsPerConnectionMax) client.closeAfter();
    // llhttp reads HTTP/0.9, which has no fields, and HTTP/2.0 in the form of HTTP/1.
    if (request.httpVersionMajor !== 1) return refuse(client, "LL_HTTP_HEADER", o.nextId());
    const x: Exchange = pipeline.begin(client);
    if (!x.isOver) underway.add(request.socket, client, x);
  };
  if (tls?.hsts !== undefined) announce(server, tls.hsts);
  server.on("request", (request, response) => onRequest(request, response));
  server.on("checkContinue", (request, response) => onRequest(request, response, expecting));
  server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
    const client = new NodeClient(request, response, plain);
    // Nobody knows whether its body follows.
    if (!closing.has(request.socket)) refuse(client, "LL_HTTP_EXPECT", o.nextId());
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    // The answer to its doubtful head is on its way.
    if (closing.has(socket)) socket.destroySoon();
    else if (!underway.endsAfterwards(socket)) refuseRaw(socket, codeOf(error), o);
  });
  return {
    listen: door.listen,
    serveAdopted: door.serveAdopted,
    adopt(socket, bytes) {
      socket.pause();
      if (bytes.length > 0) socket.unshift(bytes);
      server.emit("connection", socket);
      socket.resume();
    },
    take: (socket) => void server.emit("connection", socket),
    get hasUnsent() {
      return hasUnsent();
    },
    beginDrain: () => void (isDraining = true),
    stopAccepting: () => void door.stop(),
    async close() {
      const stopped = door.stop();
      door.breakOff();
      await stopped;
    },
  };
}

/** Node's server with the bounds that both fronts keep. */
function boundedServer(o: FrontOptions): Server {
  const server = nodeHttp.createServer({
    headersTimeout: o.headMs,
    requestTimeout: Math.max(o.requestMs, o.headMs),
    keepAliveTimeout: o.keepAliveMs,
    connectionsCheckingInterval: Math.min(checkMs, o.headMs),
    maxHeaderSize: o.headBytesMax,
    // The pipeline refuses a missing Host itself, with its code and the request's id.
    requireHostHeader: false,
    noDelay: true,
  });
  server.maxConnections = o.connectionsMax;
  server.maxHeadersCount = headersMax;
  return server;
}

/**
 * Ends connections whose reader takes nothing of what was answered for `stalledMs`; gives those that
 * are open. A request whose answer is still being written has bounds of its own.
 */
function watchReaders(server: Server, underway: Underway, stalledMs: number): Set<Socket> {
  const connections = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    connections.add(socket);
    socket.once("close", () => void connections.delete(socket));
  });
  // Node says so too when a kept connection was idle for its time.
  server.setTimeout(stalledMs, (socket: Socket) => {
    const isWaiting = socket.writableLength === 0 && !underway.hasAsked(socket);
    if (!isWaiting && !underway.isBusy(socket)) socket.destroy();
  });
  return connections;
}

/** Puts a header into every answer, whoever writes it. */
function announce(server: EventEmitter, hsts: string): void {
  for (const event of ["request", "checkContinue", "checkExpectation"])
    server.on(event, (_request: IncomingMessage, response: ServerResponse) => {
      response.setHeader("strict-transport-security", hsts);
    });
}

/** Answers a request that never comes to the pipeline, and ends its connection. */
function refuse(client: NodeClient, code: GatewayErrorCode, id: string): void {
  const headers = ["content-type", "application/json", "x-request-id", id];
  client.closeAfter();
  client.answer(statusOf(code), headers, errorBody({ code }, id));
}

function codeOf(error: NodeJS.ErrnoException): GatewayErrorCode {
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return "LL_HTTP_TIMEOUT";
  return error.code === "HPE_HEADER_OVERFLOW" ? "LL_HTTP_HEAD_TOO_LARGE" : "LL_HTTP_HEADER";
}

/** Answers a connection whose request never became one. */
function refuseRaw(
  socket: Socket,
  code: GatewayErrorCode,
  o: Pick<FrontOptions, "nextId" | "tls">,
): void {
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const id = o.nextId();
  const status = statusOf(code);
  const body = errorBody({ code }, id);
  const reason = nodeHttp.STATUS_CODES[status] ?? "Unknown";
  const hsts = o.tls?.hsts;
  const hstsLine = hsts === undefined ? "" : `strict-transport-security: ${hsts}\r\n`;
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/json\r\nx-request-id: ${id}\r\n` +
      `x-content-type-options: nosniff\r\n${hstsLine}` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
