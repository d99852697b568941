import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { type Clock, systemClock } from "@loadline/kit/clock";
import { createHttp1Upstream } from "./http1.ts";
import { createUndiciUpstream, type UndiciUpstreamOptions } from "./undici/index.ts";
import type { Upstream, UpstreamCall, UpstreamRequest } from "./upstream.ts";

/** A server of raw bytes: `answer` gets each whole request and the number of its connection. */
export interface RawServer extends AsyncDisposable {
  readonly port: number;
  readonly sockets: Socket[];
  /** Whole requests as they were read. */
  readonly reads: string[];
}

export async function serveRaw(
  answer: (socket: Socket, text: string, ordinal: number) => void,
): Promise<RawServer> {
  const sockets: Socket[] = [];
  const reads: string[] = [];
  const server = createServer((socket) => {
    const ordinal = sockets.push(socket);
    socket.on("error", () => socket.destroy());
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      for (let end = endOf(text); end > 0; end = endOf(text)) {
        const request = text.slice(0, end);
        text = text.slice(end);
        reads.push(request);
        answer(socket, request, ordinal);
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    port,
    sockets,
    reads,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Where the first request of a text ends; 0: it is not whole. */
function endOf(text: string): number {
  const head = text.indexOf("\r\n\r\n") + 4;
  if (head < 4) return 0;
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
  return text.length >= head + length ? head + length : 0;
}

export interface OpenOptions {
  readonly connectionsMax?: number;
  readonly connectTimeoutMs?: number;
  readonly clock?: Clock;
}

const headers = ["x-fixed", "1"];
const keys = [
  { id: "t/0", headers: ["authorization", "Bearer k0"] },
  { id: "t/1", headers: ["authorization", "Bearer k1"] },
];

const base = (o: OpenOptions) => ({
  paths: { chat: "/v1/chat", probe: "/v1/models" },
  streamPaths: { chat: "/v1/stream" },
  headers,
  keys,
  connectionsMax: o.connectionsMax ?? 8,
  connectTimeoutMs: o.connectTimeoutMs ?? 5000,
  clock: o.clock ?? systemClock(),
});

export function openOwn(port: number, o: OpenOptions = {}): Upstream {
  const host = `127.0.0.1:${port}`;
  return createHttp1Upstream({ ...base(o), connect: () => connect(port, "127.0.0.1"), host });
}

export function openUndici(
  port: number,
  o: OpenOptions &
    Partial<
      Pick<UndiciUpstreamOptions, "url" | "http2" | "compression" | "proxy" | "onConnection">
    > = {},
): Upstream {
  const url = o.url ?? new URL(`http://127.0.0.1:${port}`);
  const { http2 = false, compression = false, proxy, onConnection } = o;
  return createUndiciUpstream({ ...base(o), url, http2, compression, proxy, onConnection });
}

/** What a sink heard of one call. */
export class Heard {
  status = 0;
  headers: readonly string[] = [];
  body = "";
  chunks: string[] = [];
  /** `end`, or the class it failed with. */
  outcome = "";
  detail = "";
  /** Words after the end. */
  late = 0;
  call: UpstreamCall | undefined;
  readonly over: Promise<void>;
  #resolve: () => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.over = promise;
    this.#resolve = resolve;
  }

  head(status: number, list: readonly string[]): void {
    this.#note();
    this.status = status;
    this.headers = list;
  }

  data(chunk: Buffer): void {
    this.#note();
    this.chunks.push(chunk.toString());
    this.body += chunk.toString();
  }

  end(): void {
    this.#finish("end", "");
  }

  fail(failure: string, detail: string): void {
    this.#finish(failure, detail);
  }

  headerOf(name: string): string | undefined {
    const at = this.headers.findIndex((one, i) => i % 2 === 0 && one === name);
    return at < 0 ? undefined : this.headers[at + 1];
  }

  #finish(outcome: string, detail: string): void {
    this.#note();
    this.outcome = outcome;
    this.detail = detail;
    this.#resolve();
  }

  #note(): void {
    if (this.outcome !== "") this.late++;
  }
}

const request: UpstreamRequest = {
  operation: "chat",
  body: Buffer.from('{"a":1}'),
  isStream: false,
  traceparent: undefined,
};

/** Begins one call. */
export function ask(upstream: Upstream, more: Partial<UpstreamRequest> = {}): Heard {
  const heard = new Heard();
  heard.call = upstream.call({ ...request, ...more }, heard);
  return heard;
}

/** Asks once and waits for the end. */
export async function asked(
  upstream: Upstream,
  more: Partial<UpstreamRequest> = {},
): Promise<Heard> {
  const heard = ask(upstream, more);
  await heard.over;
  return heard;
}

export const ok = (body: string, more = ""): string =>
  `HTTP/1.1 200 OK\r\n${more}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
