import { createServer, type IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { parseRequestHead } from "@loadline/kit/http1";
import { createRoster } from "@loadline/kit/roster";
import { Http1Connection } from "../../../packages/gateway/src/front/http1/connection.ts";
import { createHeadEncoder } from "../../../packages/gateway/src/front/http1/encode.ts";
import { createReads } from "../../../packages/gateway/src/front/http1/reads.ts";
import { type Client, Exchange } from "../../../packages/gateway/src/pipeline/exchange.ts";
import { deafHost } from "../../../packages/gateway/src/pipeline/nobody.fixture.ts";
import { findOperation } from "../../../packages/gateway/src/pipeline/operations.ts";

/** One request as a reader understood it; `body` is undefined until it is whole. */
export interface Read {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  body: string | undefined;
}

export interface Reading {
  readonly requests: readonly Read[];
  /**
   * What the own front gave on to Node's server, in the pieces in which it came: Node drops what
   * stands behind a request with `Upgrade` and a body, as far as it came in the same piece.
   */
  readonly handed: readonly Buffer[];
}

/** A socket without a kernel: bytes come by `emit`, what is written is thrown away. */
class Wire extends Socket {
  override _read(): void {
    // Nothing is read from anywhere.
  }

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }

  override _final(done: () => void): void {
    done();
  }
}

const bodyBytesMax = 65_536;
const headBytesMax = 16_384;

/** What a front may be made of instead. */
export interface FrontKnockOut {
  readonly parseHead?: typeof parseRequestHead;
}

/**
 * Reads a connection as the own front does, with its own connections and clients: every request is
 * read to its end and answered at once.
 */
export function createFrontReader(o: FrontKnockOut = {}): (pieces: readonly Buffer[]) => Reading {
  let requests: Read[] = [];
  let handed: Buffer[] = [];
  const inFlight = createRoster<Exchange>();
  const begin = (client: Client): Exchange => {
    const read: Read = {
      method: client.method,
      target: client.target,
      headers: client.headers,
      body: undefined,
    };
    requests.push(read);
    client.read(bodyBytesMax, (body) => {
      if (typeof body === "string") return;
      read.body = body.toString("latin1");
      client.answer(200, [], "");
    });
    return new Exchange(deafHost, client, findOperation(client.target), 0);
  };
  const shared = {
    pipeline: {
      begin,
      refuse: (x: Exchange) => x.client.answer(400, [], ""),
      inFlight,
      missing: () => [],
      onIdle: (run: () => void) => run(),
    },
    watch: { add: () => undefined, remove: () => undefined, each: () => undefined, nowMs: 0 },
    encoder: createHeadEncoder(systemClock(), 1000),
    reads: createReads(),
    headBytesMax,
    trust: undefined,
    headMs: 1000,
    requestMs: 1000,
    keepAliveMs: 1000,
    stalledMs: 1000,
    isDraining: false,
    nowMs: () => 0,
    parseHead: o.parseHead ?? parseRequestHead,
    serves: (method: string) => method === "POST",
    adopt(connection: Http1Connection, bytes: Buffer) {
      connection.release();
      handed = [bytes];
    },
  };
  return (pieces) => {
    requests = [];
    handed = [];
    const wire = new Wire();
    void new Http1Connection(wire, shared);
    for (const piece of pieces) {
      if (handed.length > 0) handed.push(piece);
      else if (!wire.writableEnded) wire.emit("data", piece);
    }
    return { requests, handed };
  };
}

/** Reads connections with llhttp, by Node's server; `settled` must be awaited before a look. */
export interface NodeReader {
  begin(pieces: readonly Buffer[]): { readonly requests: readonly Read[]; close(): void };
  settled(): Promise<void>;
}

export function createNodeReader(): NodeReader {
  const server = createServer({ maxHeaderSize: headBytesMax, requireHostHeader: false });
  server.maxHeadersCount = 0;
  const seen = new WeakMap<object, Read[]>();
  const onRequest = (request: IncomingMessage): void => {
    const read: Read = {
      method: request.method ?? "",
      target: request.url ?? "",
      headers: request.rawHeaders.map((value) => value.trim()),
      body: undefined,
    };
    seen.get(request.socket)?.push(read);
    let text = "";
    request.on("data", (chunk: Buffer) => void (text += chunk.toString("latin1")));
    request.on("end", () => void (read.body = text));
    request.on("error", () => undefined);
  };
  server.on("request", onRequest);
  server.on("checkContinue", onRequest);
  server.on("checkExpectation", onRequest);
  server.on("clientError", () => undefined);
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    begin(pieces) {
      const requests: Read[] = [];
      const wire = new Wire();
      seen.set(wire, requests);
      server.emit("connection", wire);
      for (const piece of pieces) wire.emit("data", piece);
      return { requests, close: () => void wire.destroy() };
    },
    async settled() {
      await turn();
      await turn();
    },
  };
}
