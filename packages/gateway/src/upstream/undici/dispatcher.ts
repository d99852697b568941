import type { LookupFunction } from "node:net";
import type { Dispatcher } from "undici";
import { connectionBounds } from "../http1.ts";

const keepAliveHintLessMs = 1000;
const headBytesMax = 65_536;

export interface Proxy {
  readonly url: string;
  /** Value of Proxy-Authorization. */
  readonly authorization?: string | undefined;
}

export interface DispatcherOptions {
  /** Only its origin counts. */
  readonly url: URL;
  readonly connectionsMax: number;
  readonly connectTimeoutMs: number;
  /** HTTP/2 where the server offers it; over `http:` without asking. */
  readonly http2: boolean;
  readonly proxy?: Proxy | undefined;
  /** Resolves its name, or that of the proxy; by default the system does. */
  readonly lookup?: LookupFunction | undefined;
  /** Told of each connection to it, through a proxy, too: whether it came to be. */
  readonly onConnection?: ((isOpen: boolean) => void) | undefined;
}

/** A connection as its calls see it. */
export interface Carrier {
  /** Answers it has brought to their end since it was opened. */
  answers: number;
}

/** A handler that wants to know what carries it. */
export interface Carried extends Dispatcher.DispatchHandler {
  onCarrier(carrier: Carrier): void;
}

function isCarried(handler: Dispatcher.DispatchHandler): handler is Carried {
  return "onCarrier" in handler;
}

/**
 * The connections to one target, made by undici, which is loaded now: 14 MB that a process without
 * such a target does not pay. Its own timers are off but those of connecting; the bounds of heads and
 * of idle connections are those of our own client.
 */
export async function openDispatcher(o: DispatcherOptions): Promise<Dispatcher> {
  const { Client, Pool, ProxyAgent } = await import("undici");

  /** A connection that tells its calls whether it was used before. */
  class Connection extends Client {
    readonly #carrier: Carrier = { answers: 0 };

    constructor(...args: ConstructorParameters<typeof Client>) {
      super(...args);
      this.on("disconnect", () => void (this.#carrier.answers = 0));
    }

    override dispatch(
      options: Dispatcher.DispatchOptions,
      handler: Dispatcher.DispatchHandler,
    ): boolean {
      if (isCarried(handler)) handler.onCarrier(this.#carrier);
      return super.dispatch(options, handler);
    }
  }

  const { connectTimeoutMs, http2, proxy, url, onConnection } = o;
  const resolving = o.lookup ? { lookup: o.lookup } : {};
  /** A proxy's agent tells nobody of its connections, its pools do. */
  const watched = <T extends Dispatcher>(pool: T): T => {
    pool.on("connect", () => onConnection?.(true));
    pool.on("connectionError", () => onConnection?.(false));
    return pool;
  };
  const settings = {
    connections: o.connectionsMax,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: connectionBounds.idleMs,
    keepAliveMaxTimeout: connectionBounds.idleMs,
    keepAliveTimeoutThreshold: keepAliveHintLessMs,
    maxHeaderSize: headBytesMax,
    allowH2: http2,
    factory: (origin: URL, given: object) => new Connection(origin, given),
  };
  if (!proxy) {
    const connect = { timeout: connectTimeoutMs, preferH2: http2, ...resolving };
    const clear = http2 && url.protocol === "http:" ? { useH2c: true } : {};
    return watched(new Pool(url.origin, { ...settings, ...clear, connect }));
  }
  return new ProxyAgent({
    uri: proxy.url,
    ...(proxy.authorization !== undefined && { token: proxy.authorization }),
    connectTimeout: connectTimeoutMs,
    allowH2: http2,
    proxyTls: { allowH2: false, ...resolving },
    requestTls: { preferH2: http2 },
    factory: (origin, given) => watched(new Pool(origin, { ...given, ...settings })),
    clientFactory: (origin, given) =>
      new Pool(origin, { ...given, headersTimeout: connectTimeoutMs }),
  });
}
