import type { Timer } from "@loadline/kit/clock";
import { Connection } from "./connection.ts";
import { Exchange, type Owner } from "./exchange.ts";
import type {
  Http1Call,
  Http1Pool,
  Http1PoolOptions,
  Http1Request,
  ResponseSink,
} from "./types.ts";

/**
 * Connections to one target. The most recently used idle connection is taken first, so a quiet
 * pool shrinks; a request never waits while a connection may be opened.
 */
export function createHttp1Pool(o: Http1PoolOptions): Http1Pool {
  return new Pool(o);
}

const readBytes = 65_536;

class Pool implements Http1Pool, Owner {
  readonly o: Http1PoolOptions;
  readonly readBuffer = Buffer.allocUnsafeSlow(readBytes);
  readonly #connections = new Set<Connection>();
  readonly #idle: Connection[] = [];
  readonly #queue: Exchange[] = [];
  #queueTimer: Timer | null = null;
  #idleTimer: Timer | null = null;
  #closed = false;

  constructor(o: Http1PoolOptions) {
    this.o = o;
  }

  get open(): number {
    return this.#connections.size;
  }

  get queued(): number {
    return this.#queue.length;
  }

  request(r: Http1Request, sink: ResponseSink): Http1Call {
    const exchange = new Exchange(this, r, sink, this.o.clock.monotonicMs());
    if (this.#closed) {
      exchange.fail("aborted", "the pool is closed");
      return exchange;
    }
    const idle = this.#idle.pop();
    if (idle) idle.send(exchange);
    else if (this.#connections.size < this.o.connectionsMax) this.#connect().send(exchange);
    else this.#enqueue(exchange);
    return exchange;
  }

  close(): void {
    this.#closed = true;
    this.#queueTimer?.cancel();
    this.#idleTimer?.cancel();
    for (const exchange of this.#queue.splice(0)) exchange.fail("aborted", "the pool was closed");
    for (const connection of this.#connections) connection.shut();
  }

  /** A connection finished its answer and may carry another request. */
  release(connection: Connection): void {
    const next = this.#closed ? undefined : this.#queue.shift();
    if (next) {
      connection.send(next);
      return;
    }
    if (this.#closed) {
      connection.abandon();
      return;
    }
    this.#idle.push(connection);
    this.#armIdle();
  }

  /** A connection is gone; its place is free for a waiting request. */
  gone(connection: Connection): void {
    this.#connections.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    if (this.#closed) return;
    if (this.#connections.size < this.o.connectionsMax) {
      const next = this.#queue.shift();
      if (next) this.#connect().send(next);
    }
  }

  /** Sends once more on a fresh connection; waits in front when there is no room for one. */
  retry(exchange: Exchange): void {
    exchange.retried = true;
    exchange.connection = null;
    if (this.#closed) exchange.fail("aborted", "the pool was closed");
    else if (this.#connections.size < this.o.connectionsMax) this.#connect().send(exchange);
    else {
      this.#queue.unshift(exchange);
      this.#armQueue();
    }
  }

  drop(exchange: Exchange): void {
    const at = this.#queue.indexOf(exchange);
    if (at !== -1) this.#queue.splice(at, 1);
  }

  #connect(): Connection {
    const connection = new Connection(this);
    this.#connections.add(connection);
    return connection;
  }

  #enqueue(exchange: Exchange): void {
    if (this.#queue.length >= this.o.queueMax) {
      exchange.fail("queue_full", `${this.#queue.length} requests wait already`);
      return;
    }
    this.#queue.push(exchange);
    this.#armQueue();
  }

  #armQueue(): void {
    const first = this.#queue[0];
    if (this.#queueTimer !== null || first === undefined) return;
    const dueMs = first.queuedAtMs + this.o.queueWaitMs;
    const delayMs = Math.max(0, dueMs - this.o.clock.monotonicMs());
    this.#queueTimer = this.o.clock.after(delayMs, () => this.#expireQueue());
  }

  #expireQueue(): void {
    this.#queueTimer = null;
    const beforeMs = this.o.clock.monotonicMs() - this.o.queueWaitMs + 0.5;
    while ((this.#queue[0]?.queuedAtMs ?? Number.POSITIVE_INFINITY) <= beforeMs) {
      this.#queue.shift()?.fail("queue_timeout", `no connection within ${this.o.queueWaitMs} ms`);
    }
    this.#armQueue();
  }

  #armIdle(): void {
    const first = this.#idle[0];
    if (this.#idleTimer !== null || first === undefined) return;
    let dueMs = Number.POSITIVE_INFINITY;
    for (const idle of this.#idle) dueMs = Math.min(dueMs, idle.idleUntilMs);
    const delayMs = Math.max(0, dueMs - this.o.clock.monotonicMs());
    this.#idleTimer = this.o.clock.after(delayMs, () => this.#expireIdle(), { unref: true });
  }

  #expireIdle(): void {
    this.#idleTimer = null;
    const nowMs = this.o.clock.monotonicMs() + 0.5;
    for (const idle of this.#idle.filter((c) => c.idleUntilMs <= nowMs)) idle.abandon();
    this.#armIdle();
  }
}
