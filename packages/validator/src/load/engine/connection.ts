import type { Socket } from "node:net";
import { createResponseParser, type Http1Fault, type ResponseSink } from "@loadline/kit/http1";
import { codeOf } from "@loadline/kit/errors";
import { type AnswerReader, headerOf, type LoadClient, saysWhen } from "../clients/client.ts";
import { feedByChunks, lineEndBytes } from "../clients/whole-chunks.ts";
import type { Connections } from "./connections.ts";
import { type Flight, type LoadOutcome, timedOut } from "./flight.ts";
import { idleLimitMs, idleMsMax, isSpent } from "./reuse.ts";

/** Codes that say this machine ran out of something. */
const localCodes = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOBUFS", "ENOMEM"]);

/** One socket, one request at a time. */
export class EngineConnection implements ResponseSink {
  readonly #owner: Connections;
  readonly #socket: Socket;
  readonly #parser = createResponseParser();
  readonly #secure: boolean;
  #ready = false;
  /** Whole answers so far. */
  #served = 0;
  /** Scenario of the last answer. */
  #lastScenario = 0;
  #idleLimitMs = idleMsMax;
  #firstMax = -1;
  #flight: Flight | null = null;
  #reader: AnswerReader | null = null;
  #readMs = 0;
  #openedMs: number;

  constructor(owner: Connections, connect: (read: (buf: Buffer) => void) => Socket) {
    this.#owner = owner;
    this.#openedMs = owner.o.clock.monotonicMs();
    this.#socket = connect((buf) => this.#read(buf));
    this.#secure = "encrypted" in this.#socket;
    this.#socket.once(this.#secure ? "secureConnect" : "connect", () => this.#opened());
    this.#socket.on("end", () => this.#ended());
    this.#socket.on("error", (error: Error) => this.#failed(error));
    this.#socket.on("close", () => this.#lost("reset"));
  }

  /** `gone` is told when the last byte went to the kernel. */
  send(flight: Flight, client: LoadClient, gone?: (fault?: Error | null) => void): void {
    this.#flight = flight;
    if (this.#served === 0) flight.cold = true;
    this.#reader = client.reader();
    this.#parser.start(client.method, this);
    const bytes = client.bytes(flight.index);
    // Until the connection is there this is when it was asked for: all that a failed one has.
    flight.carriedMs = flight.sendMs = this.#owner.o.clock.monotonicMs();
    this.#socket.write(bytes, gone);
  }

  /** The socket writes what it holds after this: waiting for a connection is no service of the target. */
  #opened(): void {
    this.#ready = true;
    if (this.#flight !== null) this.#flight.sendMs = this.#owner.o.clock.monotonicMs();
  }

  head(status: number, headers: readonly string[]): void {
    if (this.#flight === null) return;
    this.#flight.status = status;
    if (status === 429) this.#flight.retryAfter = saysWhen(headerOf(headers, "retry-after"));
    this.#reader?.head(this.#flight, status, headers);
  }

  data(chunk: Buffer): void {
    if (this.#flight !== null) this.#reader?.data(this.#flight, chunk, this.#readMs);
  }

  wholeChunk(bytes: Buffer, _start: number, from: number, end: number): boolean {
    return this.#reader?.wholeChunk?.(bytes, from, end - lineEndBytes, this.#readMs) ?? false;
  }

  get skipsData(): boolean {
    return this.#reader?.skipsData === true;
  }

  /** The answer is whole. */
  end(): void {
    const flight = this.#flight;
    if (flight === null) return;
    const outcome = this.#reader?.end(flight, this.#readMs) ?? "protocol";
    if (Number.isNaN(flight.doneMs)) flight.doneMs = this.#readMs;
    this.#openedMs = this.#readMs;
    this.#lastScenario = flight.scenario;
    this.#served++;
    this.#finish(outcome, this.#mayCarryMore());
  }

  /** The parser refuses what it reads, or the answer was cut. */
  fail(code: Http1Fault): void {
    this.#lost(code === "protocol" ? "protocol" : "reset");
  }

  /** Ends the request under way, if any, with this outcome. */
  cut(outcome: LoadOutcome): void {
    this.#finish(outcome, false);
  }

  /** What this connection is late for, `idle` when it only lies around, null when in time. */
  lateAs(nowMs: number): LoadOutcome | "idle" | null {
    const flight = this.#flight;
    if (flight === null) return nowMs - this.#openedMs >= this.#idleLimitMs ? "idle" : null;
    const limits = this.#owner.timeoutsOf(flight);
    const { connectMs, totalMs, firstByteMs, idleMs } = limits;
    if (!this.#ready) {
      const isLate = nowMs - this.#openedMs > connectMs;
      return isLate ? timedOut(flight, "connect_timeout", connectMs) : null;
    }
    if (nowMs - flight.sendMs > totalMs) return timedOut(flight, "timeout_total", totalMs);
    if (Number.isNaN(flight.firstByteMs)) {
      const isLate = nowMs - flight.sendMs > firstByteMs;
      return isLate ? timedOut(flight, "timeout_first_byte", firstByteMs) : null;
    }
    return nowMs - this.#readMs > idleMs ? timedOut(flight, "timeout_idle", idleMs) : null;
  }

  /** By what the answer said of the connection, and by what the target did after such answers. */
  #mayCarryMore(): boolean {
    const { reusable, keepAliveMs, keepAliveMax } = this.#parser;
    this.#idleLimitMs = idleLimitMs(keepAliveMs);
    if (this.#firstMax < 0) this.#firstMax = keepAliveMax;
    if (!reusable || this.#socket.writableLength > 0 || this.#idleLimitMs <= 0) return false;
    if (isSpent(this.#served, this.#firstMax, keepAliveMax)) return false;
    return this.#owner.earlyCloses.mayReuse(this.#lastScenario);
  }

  destroy(): void {
    this.#flight = null;
    this.#parser.stop();
    this.#socket.destroy();
  }

  #read(buf: Buffer): void {
    // First statement: one stamp per read, before any parsing.
    this.#readMs = this.#owner.o.clock.monotonicMs();
    const flight = this.#flight;
    if (flight === null) {
      this.#owner.gone(this);
      return;
    }
    if (Number.isNaN(flight.firstByteMs)) {
      flight.firstByteMs = this.#readMs;
      if (this.#served > 0) this.#owner.earlyCloses.survived(this.#lastScenario);
    }
    if (this.#reader?.wholeChunk === undefined) this.#parser.feed(buf);
    else feedByChunks(this.#parser, buf);
  }

  #ended(): void {
    this.#readMs = this.#owner.o.clock.monotonicMs();
    if (this.#flight !== null && this.#parser.started) this.#parser.eof();
    else this.#closedByPeer();
  }

  #failed(error: Error): void {
    const code = codeOf(error, "");
    if (localCodes.has(code)) {
      this.#owner.o.localFault();
      this.#lost("generator");
    } else if (this.#ready) this.#closedByPeer();
    else if (code === "ENOTFOUND" || code === "EAI_AGAIN") this.#lost("dns");
    else if (this.#secure && !this.#socket.connecting) this.#lost("tls");
    else this.#lost("connect");
  }

  #closedByPeer(): void {
    // Between two answers: how long after the last one tells a race from a timeout.
    if (this.#served > 0 && (this.#flight === null || !this.#parser.started)) {
      const usedAgainMs = this.#flight?.sendMs ?? this.#owner.o.clock.monotonicMs();
      this.#owner.earlyCloses.closed(this.#lastScenario, usedAgainMs - this.#openedMs);
    }
    this.#lost("reset");
  }

  #lost(outcome: LoadOutcome): void {
    if (this.#flight === null) {
      this.#owner.gone(this);
      return;
    }
    const stale = outcome === "reset" && this.#served > 0 && !this.#parser.started;
    this.#finish(stale ? "stale_connection" : outcome, false);
  }

  #finish(outcome: LoadOutcome, reusable: boolean): void {
    const flight = this.#flight;
    if (flight === null) return;
    this.#flight = null;
    this.#reader = null;
    this.#owner.done(this, flight, outcome, reusable);
  }
}
