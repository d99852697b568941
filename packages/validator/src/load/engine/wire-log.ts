import type { Socket } from "node:net";
import type { Clock } from "@loadline/kit/clock";
import type { LoadLimit } from "../types.ts";
import type { Flight } from "./flight.ts";

/** What the socket tells of one request. Times in ms; bytes as the HTTP client has them, without TLS. */
export interface Wire {
  /** Of a connection's first request: to be connected, and to agree on TLS; later ones waited 0. */
  connectMs: number;
  tlsMs: number;
  /** Monotonic; NaN on a connection that was there. */
  readyMs: number;
  /** Monotonic, when its last byte went to the kernel; NaN when nobody saw it go. */
  sentMs: number;
  sentBytes: number;
  receivedBytes: number;
}

const wireMetrics: ReadonlySet<string> = new Set([
  "http_req_blocked",
  "http_req_connecting",
  "http_req_tls_handshaking",
  "http_req_sending",
  "data_sent",
  "data_received",
]);

/** Whether a limit asks what sockets tell; listening costs each request some of the generator's CPU. */
export function asksWire(limits: readonly LoadLimit[]): boolean {
  return limits.some(({ metric }) => wireMetrics.has(metric));
}

/** Listens to one socket, for the requests that come over it one after the other. */
export class WireLog {
  readonly #clock: Clock;
  readonly #openedMs: number;
  #socket: Socket | null = null;
  #connectedMs = Number.NaN;
  #readyMs = Number.NaN;
  #written = 0;
  /** Of the request under way. */
  #wire: Wire | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#openedMs = clock.monotonicMs();
  }

  /** Before anything else listens to the socket: what was written early goes out after this. */
  watch(socket: Socket, secure: boolean): Socket {
    this.#socket = socket;
    const ready = (nowMs: number): void => {
      this.#readyMs = nowMs;
      const wire = this.#wire;
      if (wire === null) return;
      wire.connectMs = this.#connectedMs - this.#openedMs;
      wire.tlsMs = this.#readyMs - this.#connectedMs;
      wire.readyMs = this.#readyMs;
    };
    socket.once("connect", () => {
      this.#connectedMs = this.#clock.monotonicMs();
      if (!secure) ready(this.#connectedMs);
    });
    if (secure) socket.once("secureConnect", () => ready(this.#clock.monotonicMs()));
    return socket;
  }

  /** A read, before it is parsed. */
  received(bytes: number): void {
    if (this.#wire !== null) this.#wire.receivedBytes += bytes;
  }

  /** A request that was just written. */
  sent(flight: Flight): void {
    const socket = this.#socket;
    if (socket === null) return;
    const written = socket.bytesWritten;
    const wire: Wire = {
      connectMs: 0,
      tlsMs: 0,
      readyMs: Number.NaN,
      sentMs: Number.NaN,
      sentBytes: written - this.#written,
      receivedBytes: 0,
    };
    this.#written = written;
    this.#wire = wire;
    flight.wire = wire;
    if (socket.writableLength === 0) wire.sentMs = this.#clock.monotonicMs();
  }

  /** For the write of this request: what did not go at once went when the socket says so. */
  gone(flight: Flight): (fault?: Error | null) => void {
    return (fault) => {
      const { wire } = flight;
      if (fault || wire === undefined || !Number.isNaN(wire.sentMs)) return;
      wire.sentMs = this.#clock.monotonicMs();
    };
  }
}
