import { createServer, type Socket } from "node:net";
import { operations } from "../../pipeline/operations.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { Front, FrontOptions } from "../front.ts";
import { listenOn } from "../listen.ts";
import { createNodeFront } from "../node-http/index.ts";
import { Http1Connection, type Http1Shared } from "./connection.ts";
import { createHeadEncoder } from "./encode.ts";
import { type Http1Parts, http1Parts } from "./parts.ts";
import { createReads } from "./reads.ts";

/**
 * Serves model operations on sockets of our own. A connection whose request is anything but a plain
 * HTTP/1.1 POST to one of them, arriving with its head whole, is given with its bytes to Node's HTTP
 * server and stays there: what is unusual is judged by a complete parser, never here.
 */
export function createHttp1Front(
  pipeline: Pipeline,
  o: FrontOptions,
  change: (parts: Http1Parts) => Http1Parts = (parts) => parts,
): Front {
  const node = createNodeFront(pipeline, o);
  const parts = change(http1Parts(o.clock));
  const connections = parts.watch;
  const paths = new Set(operations.filter((op) => op.isModel).map((op) => op.path));
  const begin = (socket: Socket): void => void new Http1Connection(parts.socket(socket), shared);
  const server = o.tls
    ? o.tls.createServer(begin)
    : createServer({ noDelay: true, allowHalfOpen: false }, begin);
  server.maxConnections = o.connectionsMax;
  const shared: Http1Shared = {
    pipeline,
    watch: connections,
    reads: createReads(),
    encoder: createHeadEncoder(o.clock, o.keepAliveMs, o.tls?.hsts),
    tls: o.tls,
    headBytesMax: o.headBytesMax,
    trust: o.trust,
    headMs: o.headMs,
    requestMs: o.requestMs,
    keepAliveMs: o.keepAliveMs,
    stalledMs: o.stalledMs,
    isDraining: false,
    nowMs: () => o.clock.monotonicMs(),
    parseHead: parts.parseHead,
    serves: (method, target) => method === "POST" && paths.has(target),
    adopt(connection, bytes) {
      connection.release();
      node.adopt(connection.socket, bytes);
    },
  };
  let closed: Promise<void> | undefined;
  const stop = (): void => {
    closed ??= new Promise((resolve) => server.close(() => resolve()));
    node.stopAccepting();
    connections.each((connection) => {
      if (connection.isIdle) connection.socket.destroy();
    });
  };
  return {
    listen() {
      node.serveAdopted();
      return listenOn(server, o);
    },
    take: begin,
    beginDrain() {
      shared.isDraining = true;
      node.beginDrain();
    },
    stopAccepting: stop,
    get hasUnsent() {
      let hasUnsent = node.hasUnsent;
      connections.each((connection) => {
        if (connection.hasUnsent) hasUnsent = true;
      });
      return hasUnsent;
    },
    async close() {
      stop();
      connections.each((connection) => void connection.socket.destroy());
      o.tls?.breakOff();
      await node.close();
      await closed;
    },
  };
}
