import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import type { Timer } from "@loadline/kit/clock";
import { createEgress, hostOf } from "@loadline/kit/egress";
import { codeOf } from "@loadline/kit/errors";
import type { Ask, ExecContext } from "../engine/exec.ts";
import { type Flight, type LoadOutcome, timedOut } from "../engine/flight.ts";
import { timeoutsOf } from "../engine/timeouts.ts";
import type { LoadTimeouts } from "../types.ts";
import { type AnswerReader, saysWhen } from "./client.ts";
import { type Http2Request, requestOf } from "./http2-request.ts";

/** One request, waiting or under way. */
interface Under {
  readonly ask: Ask;
  readonly flight: Flight;
  readonly reader: AnswerReader;
  readonly request: Http2Request;
  stream: ClientHttp2Stream | null;
  lastMs: number;
  /** Body so far, and as long as the answer says it is, -1 = not said. */
  bytes: number;
  length: number;
}

/** One connection and how many streams it may still carry. */
interface Carrier {
  readonly session: ClientHttp2Session;
  readonly openedMs: number;
  readonly streams: Set<Under>;
  /** What waits for the server to say how many streams it allows. */
  readonly pending: Under[];
  isReady: boolean;
  isConnected: boolean;
  isClosing: boolean;
}

const streamsPerSession = 100;
const sessionsMax = 64;
const queueMax = 100_000;
const sweepMs = 100;
/** Codes that say this machine ran out of something. */
const localCodes = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOBUFS", "ENOMEM"]);

/**
 * Sends what `ExecContext.send` is asked to, over HTTP/2: up to 100 streams a connection, 64
 * connections. Its account, stamps and outcomes are those of HTTP/1.1; it costs several times the
 * CPU, so it is used where a scenario asks for it.
 */
export class Http2Sender {
  readonly #context: ExecContext;
  readonly #url: URL;
  readonly #carriers = new Set<Carrier>();
  readonly #queue: Under[] = [];
  #sweeper: Timer | null = null;

  constructor(context: ExecContext) {
    this.#context = context;
    this.#url = new URL(context.plan.target.baseUrl);
  }

  /** Sends now, or queues, or drops; the outcome is `ask.answered`. */
  readonly send = (ask: Ask): void => {
    const flight = this.#context.begin(ask.step, ask.index, ask.intendedMs);
    flight.sendMs = Number.NaN;
    if (!Number.isNaN(ask.wakeMs)) flight.wakeMs = ask.wakeMs;
    const request = requestOf(ask.client.bytes(ask.index), this.#url);
    const reader = ask.client.reader();
    const rest = { stream: null, lastMs: Number.NaN, bytes: 0, length: -1 };
    this.#dispatch({ ask, flight, reader, request, ...rest });
  };

  /** Closes all connections; what is under way has its outcome already. */
  close(): void {
    this.#sweeper?.cancel();
    for (const carrier of this.#carriers) carrier.session.destroy();
    this.#carriers.clear();
  }

  #dispatch(under: Under): void {
    const carrier = this.#carrier();
    if (carrier === null) {
      if (this.#queue.length < queueMax) this.#queue.push(under);
      else this.#finish(under, "dropped");
    } else if (carrier.isReady) this.#carry(carrier, under);
    else {
      under.flight.carriedMs = this.#context.clock.monotonicMs();
      carrier.pending.push(under);
    }
  }

  /** A connection with room, a new one, or null when there may be no more. */
  #carrier(): Carrier | null {
    for (const carrier of this.#carriers) {
      const max = carrier.session.remoteSettings?.maxConcurrentStreams ?? streamsPerSession;
      const used = carrier.streams.size + carrier.pending.length;
      const room = Math.min(max, streamsPerSession) - used;
      if (!carrier.isClosing && room > 0) return carrier;
    }
    return this.#carriers.size < sessionsMax ? this.#open() : null;
  }

  #open(): Carrier {
    const { clock } = this.#context;
    const egress = createEgress({ allowHosts: [hostOf(this.#url)] });
    const secure = this.#url.protocol === "https:";
    const rejectUnauthorized = this.#context.plan.target.insecure !== true;
    // Without TLS both sides know beforehand that they speak HTTP/2.
    const session = connect(
      this.#url.origin,
      secure ? { rejectUnauthorized } : { createConnection: () => egress.connect(this.#url) },
    );
    const carrier: Carrier = {
      session,
      openedMs: clock.monotonicMs(),
      streams: new Set(),
      pending: [],
      isReady: false,
      isConnected: false,
      isClosing: false,
    };
    this.#carriers.add(carrier);
    session.once("connect", () => void (carrier.isConnected = true));
    session.once("remoteSettings", () => {
      carrier.isReady = true;
      for (const under of carrier.pending.splice(0)) this.#dispatch(under);
    });
    session.on("goaway", () => void (carrier.isClosing = true));
    session.on("error", (error: Error) => this.#lost(carrier, outcomeOf(error, carrier)));
    session.on("close", () => this.#lost(carrier, "reset"));
    this.#sweeper ??= clock.after(sweepMs, () => this.#sweep(), { unref: true });
    return carrier;
  }

  #carry(carrier: Carrier, under: Under): void {
    const { clock } = this.#context;
    const { flight, reader, request } = under;
    const stream = carrier.session.request(request.headers, {
      endStream: request.body.length === 0,
    });
    carrier.streams.add(under);
    under.stream = stream;
    flight.sendMs = clock.monotonicMs();
    under.lastMs = flight.sendMs;
    if (request.body.length > 0) stream.end(request.body);
    stream.on("response", (headers) => {
      under.lastMs = clock.monotonicMs();
      flight.firstByteMs = under.lastMs;
      flight.status = Number(headers[constants.HTTP2_HEADER_STATUS] ?? 0);
      under.length = lengthOf(headers[constants.HTTP2_HEADER_CONTENT_LENGTH], request);
      if (flight.status === 429) flight.retryAfter = saysWhen(String(headers["retry-after"] ?? ""));
      reader.head(flight, flight.status, flatOf(headers));
    });
    stream.on("data", (chunk: Buffer) => {
      under.lastMs = clock.monotonicMs();
      under.bytes += chunk.length;
      if (!flight.ended) reader.data(flight, chunk, under.lastMs);
    });
    let endMs = Number.NaN;
    stream.on("end", () => void (endMs = clock.monotonicMs()));
    stream.on("error", (error: Error) => this.#done(carrier, under, outcomeOf(error, carrier)));
    stream.on("close", () => {
      // An end without a head, by a reset, or before the length that was told is none.
      const isEnd = flight.status !== 0 && stream.rstCode === 0 && !Number.isNaN(endMs);
      const isWhole = isEnd && (under.length < 0 || under.length === under.bytes);
      this.#done(carrier, under, isWhole && !flight.ended ? endOf(under, endMs) : "reset");
    });
  }

  #done(carrier: Carrier, under: Under, outcome: LoadOutcome): void {
    if (!carrier.streams.delete(under)) return;
    this.#finish(under, outcome);
    if (carrier.isClosing && carrier.streams.size === 0) carrier.session.close();
    this.#next();
  }

  #finish(under: Under, outcome: LoadOutcome): void {
    const { flight, ask } = under;
    // The run ended it meanwhile.
    if (flight.ended) return;
    if (outcome === "connect_timeout" || outcome === "timeout_first_byte") {
      const { connectMs, firstByteMs } = this.#timeoutsOf(ask);
      timedOut(flight, outcome, outcome === "connect_timeout" ? connectMs : firstByteMs);
    }
    this.#context.finish(flight, outcome);
    flight.client = ask.client;
    ask.answered(flight, outcome);
  }

  #lost(carrier: Carrier, outcome: LoadOutcome): void {
    if (!this.#carriers.delete(carrier)) return;
    carrier.isClosing = true;
    const all = [...carrier.streams, ...carrier.pending.splice(0)];
    carrier.streams.clear();
    carrier.session.destroy();
    for (const under of all) this.#finish(under, outcome);
    this.#next();
  }

  #next(): void {
    const next = this.#queue[0];
    if (next === undefined || this.#context.signal.aborted) return;
    const carrier = this.#carrier();
    if (carrier === null) return;
    this.#queue.shift();
    this.#carry(carrier, next);
  }

  /** Not connected, or connected to a server that says nothing, though it speaks first. */
  #lateToOpen(carrier: Carrier, nowMs: number): LoadOutcome | null {
    const [first] = carrier.pending;
    if (carrier.isReady || first === undefined) return null;
    const { connectMs, firstByteMs } = this.#timeoutsOf(first.ask);
    const isLate = nowMs - carrier.openedMs > (carrier.isConnected ? firstByteMs : connectMs);
    if (!isLate) return null;
    return carrier.isConnected ? "timeout_first_byte" : "connect_timeout";
  }

  #timeoutsOf({ client }: Ask): LoadTimeouts {
    return timeoutsOf(client, this.#context.plan.timeouts);
  }

  /** Checks every timeout, about ten times a second. */
  #sweep(): void {
    const { clock, signal } = this.#context;
    const nowMs = clock.monotonicMs();
    for (const carrier of this.#carriers) {
      const unopened = this.#lateToOpen(carrier, nowMs);
      if (unopened !== null) {
        this.#lost(carrier, unopened);
        continue;
      }
      for (const under of carrier.streams) {
        const late = lateAs(under, this.#timeoutsOf(under.ask), nowMs);
        if (late === null) continue;
        under.stream?.close(constants.NGHTTP2_CANCEL);
        this.#done(carrier, under, late);
      }
    }
    if (signal.aborted) return;
    this.#sweeper = clock.after(sweepMs, () => this.#sweep(), { unref: true });
  }
}

/** The length an answer tells of its body, -1 when it tells none or has no body. */
function lengthOf(told: string | string[] | undefined, request: Http2Request): number {
  if (told === undefined || request.headers[":method"] === "HEAD") return -1;
  const length = Number(told);
  return Number.isSafeInteger(length) && length >= 0 ? length : -1;
}

/** The outcome of a whole answer. */
function endOf({ reader, flight }: Under, endMs: number): LoadOutcome {
  const outcome = reader.end(flight, endMs);
  if (Number.isNaN(flight.doneMs)) flight.doneMs = endMs;
  return outcome;
}

function lateAs(
  { flight, lastMs }: Under,
  { firstByteMs, totalMs, idleMs }: LoadTimeouts,
  nowMs: number,
): LoadOutcome | null {
  if (nowMs - flight.sendMs > totalMs) return timedOut(flight, "timeout_total", totalMs);
  if (Number.isNaN(flight.firstByteMs)) {
    const isLate = nowMs - flight.sendMs > firstByteMs;
    return isLate ? timedOut(flight, "timeout_first_byte", firstByteMs) : null;
  }
  return nowMs - lastMs > idleMs ? timedOut(flight, "timeout_idle", idleMs) : null;
}

function outcomeOf(error: Error, carrier: Carrier): LoadOutcome {
  const code = codeOf(error, "");
  if (localCodes.has(code)) return "generator";
  // What is no HTTP/2, or breaks it.
  if (code === "ERR_HTTP2_ERROR" || code === "ERR_HTTP2_SESSION_ERROR") return "protocol";
  if (carrier.isConnected) return "reset";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "dns";
  return code.startsWith("ERR_TLS") || code.startsWith("ERR_SSL") || code.includes("CERT")
    ? "tls"
    : "connect";
}

function flatOf(headers: Readonly<Record<string, unknown>>): string[] {
  const flat: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(":")) continue;
    for (const one of Array.isArray(value) ? value : [value]) flat.push(name, String(one));
  }
  return flat;
}
