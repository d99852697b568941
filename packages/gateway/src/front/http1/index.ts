import { createServer, type Socket } from "node:net";
import { createRoster, type Placed } from "@loadline/kit/roster";
import { operations } from "../../pipeline/operations.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { createWatch } from "../../upstream/watch.ts";
import type { Front, FrontOptions } from "../front.ts";
import { listenOn } from "../listen.ts";
import { createNodeFront } from "../node-http/index.ts";
import { Http1Connection, type Http1Shared } from "./connection.ts";
import { createHeadEncoder } from "./encode.ts";

/**
 * Serves model operations on sockets of our own. A connection whose request is anything but a plain
 * HTTP/1.1 POST to one of them, arriving with its head whole, is given with its bytes to Node's HTTP
 * server and stays there: what is unusual is judged by a complete parser, never here.
 */
export function createHttp1Front(pipeline: Pipeline, o: FrontOptions): Front {
  const node = createNodeFront(pipeline, o);
  const connections = createRoster<Held>();
  const paths = new Set(operations.filter((op) => op.isModel).map((op) => op.path));
  const server = createServer({ noDelay: true, allowHalfOpen: false });
  server.maxConnections = o.connectionsMax;
  const shared: Http1Shared = {
    pipeline,
    watch: createWatch(o.clock),
    encoder: createHeadEncoder(o.clock, o.keepAliveMs),
    headBytesMax: o.headBytesMax,
    headMs: o.headMs,
    requestMs: o.requestMs,
    keepAliveMs: o.keepAliveMs,
    isDraining: false,
    nowMs: () => o.clock.monotonicMs(),
    serves: (method, target) => method === "POST" && paths.has(target),
    adopt(connection, bytes) {
      connection.release();
      shared.gone(connection);
      node.adopt(connection.socket, bytes);
    },
    gone(connection) {
      const held = byConnection.get(connection);
      if (held) connections.remove(held);
    },
  };
  const byConnection = new WeakMap<Http1Connection, Held>();
  server.on("connection", (socket: Socket) => {
    const connection = new Http1Connection(socket, shared);
    const held = { connection, place: -1 };
    byConnection.set(connection, held);
    connections.add(held);
  });
  let closed: Promise<void> | undefined;
  const stop = (): void => {
    closed ??= new Promise((resolve) => server.close(() => resolve()));
    node.stopAccepting();
    connections.each(({ connection }) => {
      if (connection.isIdle) connection.socket.destroy();
    });
  };
  return {
    listen() {
      node.serveAdopted();
      return listenOn(server, o);
    },
    beginDrain() {
      shared.isDraining = true;
      node.beginDrain();
    },
    stopAccepting: stop,
    async close() {
      stop();
      connections.each(({ connection }) => void connection.socket.destroy());
      await node.close();
      await closed;
    },
  };
}

/** A connection in the roster of open ones; its own place belongs to the watch. */
interface Held extends Placed {
  readonly connection: Http1Connection;
}
