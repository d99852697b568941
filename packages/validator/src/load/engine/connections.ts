import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Clock } from "@loadline/kit/clock";
import type { LoadClient } from "../clients/client.ts";
import type { LoadTimeouts } from "../types.ts";
import { EngineConnection } from "./connection.ts";
import type { Flight, LoadOutcome } from "./flight.ts";
import { EarlyCloses } from "./reuse.ts";
import { TargetDns } from "./target-dns.ts";
import { timeoutsOf } from "./timeouts.ts";
import { WireLog } from "./wire-log.ts";

export interface ConnectionsOptions {
  readonly url: URL;
  readonly clock: Clock;
  /** How many scenarios the flights are of. */
  readonly scenarios: number;
  readonly connectionsMax: number;
  readonly queueMax: number;
  readonly timeouts: Partial<LoadTimeouts>;
  /** TLS certificates are not verified. */
  readonly insecure?: boolean;
  /** Sockets are listened to for what they tell of each request, default false. */
  readonly wire?: boolean;
  /** Every sent or queued request comes back here exactly once. */
  readonly finished: (flight: Flight, outcome: LoadOutcome) => void;
  /** Connections are no longer reused after answers of this scenario: the target closes them. */
  readonly closedEarly: (scenario: number) => void;
  /** This machine ran out of descriptors, ports or buffers. */
  readonly localFault: () => void;
}

const readBytes = 65_536;

/** The sockets to one target. No retries, no pipelining, no Promise per chunk. */
export class Connections {
  readonly o: ConnectionsOptions;
  /** One buffer for all sockets: a read is consumed before the next one begins. */
  readonly readBuffer = Buffer.allocUnsafeSlow(readBytes);
  /** What the last read filled of it: answers of one length need no other. */
  #filled = this.readBuffer;
  readonly earlyCloses: EarlyCloses;
  readonly #dns: TargetDns;
  readonly #all = new Set<EngineConnection>();
  readonly #idle: EngineConnection[] = [];
  #queue: Flight[] = [];
  #queueHead = 0;
  #inFlight = 0;
  connectionsMade = 0;
  /** Null where no limit asks what sockets tell. */
  readonly #wires: Map<EngineConnection, WireLog> | null;

  constructor(o: ConnectionsOptions) {
    this.o = o;
    this.#dns = new TargetDns(o.clock);
    this.earlyCloses = new EarlyCloses(o.scenarios, o.closedEarly);
    this.#wires = o.wire === true ? new Map() : null;
  }

  /** Sent and not yet answered. */
  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#queue.length - this.#queueHead;
  }

  /** Sends now, or queues, or drops; the outcome comes through `finished`. */
  send(flight: Flight): void {
    const idle = this.#takeIdle(flight.wakeMs);
    if (idle) this.#carry(idle, flight);
    else if (this.#all.size < this.o.connectionsMax) this.#carry(this.#open(), flight);
    else if (this.queued < this.o.queueMax) this.#queue.push(flight);
    else this.o.finished(flight, "dropped");
  }

  /** A connection's request ended; `reusable` when it may carry another. */
  done(
    connection: EngineConnection,
    flight: Flight,
    outcome: LoadOutcome,
    reusable: boolean,
  ): void {
    this.#inFlight--;
    const next = reusable ? this.#shift() : undefined;
    if (next) this.#carry(connection, next);
    else if (reusable) this.#idle.push(connection);
    else this.gone(connection);
    this.o.finished(flight, outcome);
  }

  gone(connection: EngineConnection): void {
    connection.destroy();
    if (!this.#all.delete(connection)) return;
    this.#wires?.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    if (this.#all.size >= this.o.connectionsMax) return;
    const next = this.#shift();
    if (next) this.#carry(this.#open(), next);
  }

  /** Checks every timeout; called about ten times a second. */
  sweep(nowMs: number): void {
    for (const connection of this.#all) {
      const late = connection.lateAs(nowMs);
      if (late === "idle") this.gone(connection);
      else if (late !== null) connection.cut(late);
    }
  }

  /** Ends everything under way with this outcome and closes all sockets. */
  close(outcome: LoadOutcome): void {
    for (let next = this.#shift(); next; next = this.#shift()) this.o.finished(next, outcome);
    for (const connection of this.#all) connection.cut(outcome);
    for (const connection of this.#all) this.gone(connection);
  }

  /** Limits of waiting for the scenario of a flight, in ms. */
  timeoutsOf(flight: Flight): LoadTimeouts {
    return timeoutsOf(this.#clientOf(flight), this.o.timeouts);
  }

  #clientOf(flight: Flight): LoadClient {
    if (flight.client === null) throw new TypeError(`no client for scenario ${flight.scenario}`);
    return flight.client;
  }

  /** The idle connection used last, if any is young enough; older ones are closed on the way. */
  #takeIdle(nowMs: number): EngineConnection | undefined {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.lateAs(nowMs) === null) return idle;
      this.gone(idle);
    }
    return undefined;
  }

  #carry(connection: EngineConnection, flight: Flight): void {
    this.#inFlight++;
    const log = this.#wires?.get(connection);
    connection.send(flight, this.#clientOf(flight), log?.gone(flight));
    log?.sent(flight);
  }

  #shift(): Flight | undefined {
    if (this.queued === 0) return undefined;
    const next = this.#queue[this.#queueHead++];
    if (this.#queueHead > 1024 && this.#queueHead * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#queueHead);
      this.#queueHead = 0;
    }
    return next;
  }

  #open(): EngineConnection {
    this.connectionsMade++;
    const connection =
      this.#wires === null
        ? new EngineConnection(this, (read) => this.#connect(read))
        : this.#openHeard(this.#wires);
    this.#all.add(connection);
    return connection;
  }

  #openHeard(wires: Map<EngineConnection, WireLog>): EngineConnection {
    const { clock, url } = this.o;
    const log = new WireLog(clock);
    const connection = new EngineConnection(this, (read) => {
      const heard = (buf: Buffer): void => {
        log.received(buf.length);
        read(buf);
      };
      return log.watch(this.#connect(heard), url.protocol === "https:");
    });
    wires.set(connection, log);
    return connection;
  }

  #connect(read: (buf: Buffer) => void): Socket {
    const { url } = this.o;
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const { readBuffer } = this;
    const callback = (size: number): boolean => {
      if (size !== this.#filled.length) this.#filled = readBuffer.subarray(0, size);
      read(this.#filled);
      return true;
    };
    const onread = { buffer: readBuffer, callback };
    const { lookup } = this.#dns;
    if (url.protocol === "https:") {
      const port = Number(url.port === "" ? 443 : url.port);
      const name = isIP(host) === 0 ? { servername: host } : {};
      const rejectUnauthorized = this.o.insecure !== true;
      // `onread` is net's option, which tls hands on: one buffer for these sockets too.
      const own = { host, port, lookup, ALPNProtocols: ["http/1.1"], rejectUnauthorized, onread };
      return connectTls({ ...own, ...name });
    }
    const port = Number(url.port === "" ? 80 : url.port);
    return connectTcp({ host, port, lookup, noDelay: true, onread });
  }
}
