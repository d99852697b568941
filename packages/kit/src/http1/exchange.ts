import type { Socket } from "node:net";
import { encodeRequest } from "./request.ts";
import type {
  Http1Call,
  Http1Fault,
  Http1PoolOptions,
  Http1Request,
  ResponseSink,
} from "./types.ts";

/** What a connection carrying an exchange offers it. */
interface Carrier {
  readonly socket: Socket;
  abandon(): void;
}

/** What a pool offers its connections and exchanges. */
export interface Owner {
  readonly o: Http1PoolOptions;
  /** What connections read into; its bytes are copied before a read returns. */
  readonly readBuffer: Buffer;
  release(connection: Carrier): void;
  gone(connection: Carrier): void;
  retry(exchange: Exchange): void;
  drop(exchange: Exchange): void;
}

/** One request on its way: queued, then on a connection, then finished. */
export class Exchange implements Http1Call {
  readonly method: string;
  readonly bytes: Buffer;
  readonly sink: ResponseSink;
  readonly queuedAtMs: number;
  readonly #pool: Owner;
  connection: Carrier | null = null;
  finished = false;
  retried = false;

  constructor(pool: Owner, r: Http1Request, sink: ResponseSink, nowMs: number) {
    this.#pool = pool;
    this.method = r.method;
    this.bytes = encodeRequest(r);
    this.sink = sink;
    this.queuedAtMs = nowMs;
  }

  abort(): void {
    if (this.finished) return;
    if (this.connection !== null) this.connection.abandon();
    else this.#pool.drop(this);
    this.fail("aborted", "aborted by the caller");
  }

  pause(): void {
    this.connection?.socket.pause();
  }

  resume(): void {
    this.connection?.socket.resume();
  }

  fail(code: Http1Fault, detail: string): void {
    if (this.finished) return;
    this.finished = true;
    this.connection = null;
    this.sink.fail(code, detail);
  }
}
