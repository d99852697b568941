import type { Socket } from "node:net";
import type { Clock, Timer } from "@loadline/kit/clock";
import { createEgress, hostOf } from "@loadline/kit/egress";
import type { Random } from "@loadline/kit/random";
import {
  createFrameParser,
  encodeClose,
  encodeFrame,
  encodeUpgrade,
  type FrameParser,
  readUpgrade,
} from "@loadline/kit/websocket-frames";
import { codeOf } from "@loadline/kit/errors";
import type { LoadOutcome } from "../../engine/flight.ts";
import { timeoutsOf } from "../../engine/timeouts.ts";
import type { LoadTimeouts } from "../../types.ts";
import { statusOutcome } from "../client.ts";

/** What a socket tells its owner. After `closed` nothing follows. */
export interface WsSink {
  /** The opening handshake is done. */
  open(): void;
  /** A text message; valid during the call. `nowMs` is the time of the read it ended in. */
  text(payload: Buffer, nowMs: number): void;
  /** The answer to a ping; valid during the call, times as those of a text. */
  pong?(payload: Buffer, nowMs: number): void;
  /** The connection ended, or never came to be; `timeoutMs` is the timeout that did it, else NaN. */
  closed(outcome: LoadOutcome, timeoutMs: number): void;
}

export interface WsSocketOptions {
  readonly url: URL;
  /** Any certificate is taken. */
  readonly insecure: boolean;
  readonly path: string;
  /** Headers of the opening request, flat. */
  readonly headers: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  /** Of the plan: waits for the connection and for the answer to the opening. */
  readonly timeouts?: Partial<LoadTimeouts> | undefined;
}

const firstByteMs = 30_000;
/** Codes that say this machine ran out of something. */
const localCodes = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOBUFS", "ENOMEM"]);

/** One WebSocket of a client, without compression; pings are answered. */
export class WsSocket {
  readonly #o: WsSocketOptions;
  readonly #sink: WsSink;
  readonly #timeouts: LoadTimeouts;
  readonly #socket: Socket;
  readonly #frames: FrameParser;
  readonly #nonce: Uint8Array;
  readonly #isSecure: boolean;
  #timer: Timer;
  /** What was read of the opening answer; null once it is open. */
  #head: Buffer | null = Buffer.alloc(0);
  #isConnected = false;
  #isOver = false;
  #nowMs = 0;

  constructor(o: WsSocketOptions, sink: WsSink) {
    this.#o = o;
    this.#sink = sink;
    this.#timeouts = timeoutsOf({ firstByteMs, totalMs: firstByteMs }, o.timeouts);
    this.#nonce = o.random.bytes(16);
    this.#frames = createFrameParser(
      { role: "client" },
      {
        message: (payload, binary) => {
          if (!binary) sink.text(payload, this.#nowMs);
        },
        ping: (payload) => void this.#socket.write(encodeFrame("pong", payload, this.#mask())),
        pong: (payload) => sink.pong?.(payload, this.#nowMs),
        close: (code) => {
          this.#socket.write(encodeClose(code, "", this.#mask()));
          this.#end("reset");
        },
        fail: (code) => {
          this.#socket.write(encodeClose(code, "", this.#mask()));
          this.#end("protocol");
        },
      },
    );
    this.#socket = createEgress({ allowHosts: [hostOf(o.url)], insecure: o.insecure }).connect(
      o.url,
    );
    this.#isSecure = "encrypted" in this.#socket;
    const { connectMs } = this.#timeouts;
    this.#timer = o.clock.after(connectMs, () => this.#end("connect_timeout", connectMs));
    this.#socket.once(this.#isSecure ? "secureConnect" : "connect", () => this.#connected());
    this.#socket.on("data", (chunk: Buffer) => this.#read(chunk));
    this.#socket.on("error", (error: Error) => this.#end(this.#outcomeOf(error)));
    this.#socket.on("end", () => this.#end("reset"));
    this.#socket.on("close", () => this.#end("reset"));
  }

  /** Sends a text message; false when the connection is not open. */
  send(text: string): boolean {
    if (this.#isOver || this.#head !== null) return false;
    this.#socket.write(encodeFrame("text", Buffer.from(text), this.#mask()));
    return true;
  }

  /** Sends a ping of at most 125 bytes; false when the connection is not open. */
  ping(payload: Buffer): boolean {
    if (this.#isOver || this.#head !== null) return false;
    this.#socket.write(encodeFrame("ping", payload, this.#mask()));
    return true;
  }

  /** Says goodbye and closes; the sink hears nothing of it. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer.cancel();
    if (this.#head === null) this.#socket.end(encodeClose(1000, "", this.#mask()));
    this.#socket.destroySoon();
  }

  #mask(): number {
    return this.#o.random.below(2 ** 32);
  }

  #connected(): void {
    this.#isConnected = true;
    this.#timer.cancel();
    const waitMs = this.#timeouts.firstByteMs;
    this.#timer = this.#o.clock.after(waitMs, () => this.#end("timeout_first_byte", waitMs));
    this.#socket.write(encodeUpgrade(this.#o.path, this.#o.headers, this.#nonce));
  }

  #read(chunk: Buffer): void {
    // First statement: one stamp per read, before any parsing.
    this.#nowMs = this.#o.clock.monotonicMs();
    if (this.#isOver) return;
    if (this.#head === null) {
      this.#frames.feed(chunk);
      return;
    }
    const read = Buffer.concat([this.#head, chunk]);
    const answer = readUpgrade(read, this.#nonce);
    if (answer === null) this.#head = read;
    else if (answer.type === "refused") this.#end(refusal(answer.status));
    else if (answer.type === "protocol") this.#end("protocol");
    else {
      this.#head = null;
      this.#timer.cancel();
      this.#sink.open();
      if (answer.at < read.length && !this.#isOver) this.#frames.feed(read.subarray(answer.at));
    }
  }

  #end(outcome: LoadOutcome, timeoutMs = Number.NaN): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer.cancel();
    this.#socket.destroySoon();
    this.#sink.closed(outcome, timeoutMs);
  }

  #outcomeOf(error: Error): LoadOutcome {
    const code = codeOf(error, "");
    if (localCodes.has(code)) return "generator";
    if (this.#isConnected) return "reset";
    if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "dns";
    return this.#isSecure && !this.#socket.connecting ? "tls" : "connect";
  }
}

/** A server that answers in place of opening: 2xx and 3xx are no consent either. */
function refusal(status: number): LoadOutcome {
  return status < 400 ? "protocol" : statusOutcome(status);
}
