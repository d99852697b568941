import type { IncomingMessage, ServerResponse } from "node:http";
import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { nodeHttp } from "@loadline/kit/node-http";
import type { GatewayErrorCode } from "../../errors.ts";
import type { Exchange } from "../../pipeline/exchange.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { errorBody, statusOf } from "../../stream/frames.ts";
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
  server.maxRequestsPerSocket = requestsPerConnectionMax;
  server.maxHeadersCount = headersMax;
  let isDraining = false;
  const door = listening(server, o);
  const underway = new Underway();
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
    if (isDraining) response.shouldKeepAlive = false;
    const client = new NodeClient(request, response, how);
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
    else if (!underway.endsAfterwards(socket)) refuseRaw(socket, codeOf(error), o.nextId());
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
    beginDrain: () => void (isDraining = true),
    stopAccepting: () => void door.stop(),
    async close() {
      const stopped = door.stop();
      door.breakOff();
      await stopped;
    },
  };
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
