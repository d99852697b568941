import type { Server as HttpServer } from "node:http";
import { Server } from "node:net";
import type { FrontOptions } from "../front.ts";
import { listenOn } from "../listen.ts";

/** How connections come to Node's HTTP server. */
export interface Listening {
  /** Resolves to the base URL. */
  listen(): Promise<string>;
  /** Watches the times of connections that others accepted. */
  serveAdopted(): void;
  /** Takes no more connections; resolves when none is open. */
  stop(): Promise<void>;
  /** Ends every connection. */
  breakOff(): void;
}

/** It listens itself, or a TLS server before it gives it each connection. */
export function listening(
  server: HttpServer,
  o: FrontOptions,
  hasUnsent: () => boolean,
): Listening {
  let secure: Server | undefined;
  let closed: Promise<unknown> | undefined;
  // Node starts its check of idle and slow connections with this event.
  const serveAdopted = (): void => void server.emit("listening");
  return {
    listen() {
      if (!o.tls) return listenOn(server, o);
      secure = o.tls.createServer((socket) => void server.emit("connection", socket));
      secure.maxConnections = o.connectionsMax;
      serveAdopted();
      return listenOn(secure, o);
    },
    serveAdopted,
    async stop() {
      closed ??= Promise.all([close(server), secure && close(secure)]);
      // Node takes an answer that is written to its end for one that was sent.
      if (!hasUnsent()) server.closeIdleConnections();
      await closed;
    },
    breakOff() {
      server.closeAllConnections();
      // Ends Node's check of times, too.
      server.close();
      if (secure) o.tls?.breakOff();
    },
  };
}

/** Closes the door alone; at once for one that never listened. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => void Server.prototype.close.call(server, () => resolve()));
}
