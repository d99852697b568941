import type { Socket } from "node:net";
import type { Timer } from "@loadline/kit/clock";
import { codeOf } from "../errors/index.ts";
import { offerChunks } from "./offer-chunks.ts";
import { createResponseParser } from "./parser.ts";
import type { Exchange, Owner } from "./exchange.ts";
import type { Http1Fault, ResponseParser, ResponseSink } from "./types.ts";

/** One socket of a pool: carries one exchange at a time and stands between parser and sink. */
export class Connection implements ResponseSink {
  readonly socket: Socket;
  idleUntilMs = 0;
  readonly #pool: Owner;
  readonly #parser: ResponseParser;
  #exchange: Exchange | null = null;
  #ready: boolean;
  #used = false;
  #isShared = false;
  #gone = false;
  #connectTimer: Timer | null = null;

  constructor(pool: Owner) {
    this.#pool = pool;
    const socket = pool.o.connect({
      buffer: pool.readBuffer,
      callback: (length) => this.#readShared(length),
    });
    this.socket = socket;
    const max = pool.o.headBytesMax;
    this.#parser = createResponseParser(max === undefined ? {} : { headBytesMax: max });
    const secure = "encrypted" in socket;
    this.#ready = !socket.connecting && !secure;
    if (!this.#ready) this.#awaitConnect(secure);
    socket.setNoDelay(true);
    // Silent when the connector passed `onread` on.
    socket.on("data", (chunk: Buffer) => this.#read(chunk, chunk.length));
    socket.on("end", () => this.#ended());
    socket.on("error", (error: Error) => this.#failed(error));
    socket.on("close", () => this.#lost("reset", "the connection was closed"));
  }

  send(exchange: Exchange): void {
    this.#exchange = exchange;
    exchange.connection = this;
    this.#parser.start(exchange.method, this);
    // Before the connection stands, the socket keeps the bytes.
    this.socket.write(exchange.bytes);
  }

  head(status: number, headers: readonly string[]): void {
    this.#exchange?.sink.head(status, headers);
  }

  data(chunk: Buffer): void {
    this.#exchange?.sink.data(this.#isShared ? Buffer.from(chunk) : chunk);
  }

  wholeChunk(bytes: Buffer, start: number, from: number, end: number): boolean {
    return this.#exchange?.sink.wholeChunk?.(bytes, start, from, end) ?? false;
  }

  end(): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    if (exchange !== null) {
      exchange.finished = true;
      exchange.connection = null;
    }
    // A request not yet sent whole would be continued under the next answer.
    if (this.#parser.reusable && this.socket.writableLength === 0 && !this.socket.readableEnded) {
      this.#used = true;
      if (this.socket.isPaused()) this.socket.resume();
      this.idleUntilMs = this.#pool.o.clock.monotonicMs() + this.#idleMs();
      this.#pool.release(this);
    } else {
      this.abandon();
    }
    exchange?.sink.end();
  }

  fail(code: Http1Fault, detail: string): void {
    this.#lost(code, detail);
  }

  /** Destroys the socket without a word to the exchange on it. */
  abandon(): void {
    this.#exchange = null;
    this.#parser.stop();
    this.#leave();
  }

  /** Destroys the socket; an exchange on it fails with `aborted`. */
  shut(): void {
    this.#lost("aborted", "the pool was closed");
  }

  #idleMs(): number {
    const hintMs = this.#parser.keepAliveMs;
    const idleMs = this.#pool.o.idleMs;
    return hintMs < 0 ? idleMs : Math.max(0, Math.min(idleMs, hintMs - 1000));
  }

  #awaitConnect(secure: boolean): void {
    const { connectTimeoutMs, clock } = this.#pool.o;
    this.#connectTimer = clock.after(connectTimeoutMs, () => {
      if (!this.#ready) this.#lost("connect_timeout", `not connected after ${connectTimeoutMs} ms`);
    });
    this.socket.once(secure ? "secureConnect" : "connect", () => {
      this.#ready = true;
      this.#connectTimer?.cancel();
    });
  }

  #readShared(length: number): boolean {
    this.#isShared = true;
    this.#read(this.#pool.readBuffer, length);
    return true;
  }

  #read(bytes: Buffer, length: number): void {
    const end = this.#parser.chunkEnd(bytes, 0, length);
    // The exchange may be over when the read is.
    const gathering = end === length ? undefined : this.#exchange?.sink;
    gathering?.gather?.(true);
    const start = offerChunks(this.#parser, bytes, length, end);
    if (start < length) this.#feed(bytes.subarray(start, length));
    gathering?.gather?.(false);
  }

  #feed(bytes: Buffer): void {
    this.#parser.feed(bytes);
    // Bytes nobody asked for: the next answer on this connection would not be ours.
    if (this.#exchange === null && !this.#parser.reusable) this.#leave();
  }

  #ended(): void {
    if (this.#exchange === null) this.#leave();
    else if (this.#parser.started) this.#parser.eof();
    else this.#lost("reset", "closed by the peer before a response byte");
  }

  #failed(error: Error): void {
    const code = codeOf(error, error.name);
    if (this.#ready) this.#lost("reset", code);
    else if (code === "ENOTFOUND" || code === "EAI_AGAIN") this.#lost("dns", code);
    else if ("encrypted" in this.socket && !this.socket.connecting) this.#lost("tls", code);
    else this.#lost("connect", code);
  }

  #lost(code: Http1Fault, detail: string): void {
    if (this.#gone) return;
    const exchange = this.#exchange;
    this.#exchange = null;
    const stale = code === "reset" && this.#used && !this.#parser.started;
    this.#parser.stop();
    this.#leave();
    if (exchange === null) return;
    if (stale && this.#pool.o.retryStale === true && !exchange.retried) this.#pool.retry(exchange);
    else exchange.fail(stale ? "stale" : code, detail);
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#connectTimer?.cancel();
    this.socket.destroy();
    this.#pool.gone(this);
  }
}
