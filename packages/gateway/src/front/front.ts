import type { DropArgument, Server, Socket } from "node:net";
import type { Clock } from "@loadline/kit/clock";
import type { ClientCertificate } from "../identity/certificate.ts";
import type { RequestHandler } from "./node-http/client.ts";
import type { ProxyTrust } from "./proxy-trust.ts";

/** What stands between the network and a front whose connections are encrypted. */
export interface FrontTls {
  /** Value of Strict-Transport-Security; undefined: none is sent. */
  readonly hsts: string | undefined;
  /** A server that gives each connection once its handshake is over; called once. */
  createServer(onConnection: (socket: Socket) => void): Server;
  /** What the peer of an open connection proved to be. */
  certificateOf(socket: Socket): ClientCertificate | undefined;
  /** Ends every connection, those in their handshake included. */
  breakOff(): void;
}

export interface FrontOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Other processes listen on the same port; the kernel spreads the connections. */
  readonly isShared: boolean;
  readonly headMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
  /** A reader who takes nothing of an answer for so long is disconnected. */
  readonly stalledMs: number;
  readonly connectionsMax: number;
  readonly headBytesMax: number;
  /** Whom X-Forwarded-For is believed from; undefined: nobody. */
  readonly trust: ProxyTrust | undefined;
  /** Missing: connections are plain. */
  readonly tls?: FrontTls | undefined;
  readonly clock: Clock;
  /** Told of each connection that is turned away, as many being open as may be. */
  readonly onDrop?: ((from?: DropArgument) => void) | undefined;
  nextId(): string;
  /** Answers what is under /admin; missing: nothing is. */
  readonly admin?: RequestHandler | undefined;
}

export interface Front {
  /** Resolves to the base URL; LL_SERVER_PORT_IN_USE when another process listens there. */
  listen(): Promise<string>;
  /** Serves a connection that did not come through the listening socket. */
  take(socket: Socket): void;
  /** Answers from now on close their connection. */
  beginDrain(): void;
  /** Takes no more connections and closes idle ones. */
  stopAccepting(): void;
  /** Whether a connection holds bytes that were written and that its reader has not taken. */
  readonly hasUnsent: boolean;
  /** Breaks what is still open; resolves when the server is closed. */
  close(): Promise<void>;
}

/** Bounds that both fronts keep. */
export const requestsPerConnectionMax = 10_000;
export const headersMax = 100;
/** How long, and how much of, a refused body is read and thrown away, so the answer arrives. */
export const discardMs = 2000;
export const discardBytesMax = 64 * 1024 * 1024;
/** A refused body up to this size is read to its end, so that the connection can stay. */
export const discardKeepBytesMax = 65_536;
/** Up to this size head and body leave in one write. */
export const oneWriteBytesMax = 16_384;
