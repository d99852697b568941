import type { Clock } from "@loadline/kit/clock";
import type { RequestHandler } from "./node-http/client.ts";
import type { ProxyTrust } from "./proxy-trust.ts";

export interface FrontOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Other processes listen on the same port; the kernel spreads the connections. */
  readonly isShared: boolean;
  readonly headMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
  readonly connectionsMax: number;
  readonly headBytesMax: number;
  /** Whom X-Forwarded-For is believed from; undefined: nobody. */
  readonly trust: ProxyTrust | undefined;
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
