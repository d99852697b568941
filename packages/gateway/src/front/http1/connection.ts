import type { Socket } from "node:net";
import { ChunkedBody, createHeadReader, type parseRequestHead } from "@loadline/kit/http1";
import type { ClientCertificate } from "../../identity/certificate.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { Watch, Watched } from "../../upstream/watch.ts";
import {
  type FrontTls,
  discardBytesMax,
  discardKeepBytesMax,
  discardMs,
  headersMax,
  requestsPerConnectionMax,
} from "../front.ts";
import type { ProxyTrust } from "../proxy-trust.ts";
import type { HeadEncoder } from "./encode.ts";
import { Http1Client } from "./client.ts";
import type { Reads } from "./reads.ts";

/** What all connections of a front share. */
export interface Http1Shared {
  readonly pipeline: Pipeline;
  /** All connections of this front. */
  readonly watch: Watch<Http1Connection>;
  readonly encoder: HeadEncoder;
  readonly reads: Reads;
  readonly headBytesMax: number;
  readonly trust: ProxyTrust | undefined;
  readonly tls?: Pick<FrontTls, "certificateOf"> | undefined;
  readonly headMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
  /** A reader may take nothing of an answer for so long. */
  readonly stalledMs: number;
  /** Whether answers close their connection. */
  isDraining: boolean;
  nowMs(): number;
  /** Reads a whole head of the plainest form. */
  readonly parseHead: typeof parseRequestHead;
  /** Whether this front serves a request of the plainest form; all others go to `adopt`. */
  serves(method: string, target: string): boolean;
  /** Gives a connection with its unread bytes to the front that reads every form. */
  adopt(connection: Http1Connection, bytes: Buffer): void;
}

const headEnd = Buffer.from("\r\n\r\n");
const heldBytesMax = 65_536;
/** How often it is looked whether a slow reader has the whole answer by now. */
const readerLookMs = 1000;
const never = Number.POSITIVE_INFINITY;

/**
 * One client connection. It carries one request at a time; what a client sends ahead waits, and
 * beyond 64 KiB the socket is not read until the answer is out. No request begins while the answers
 * before it fill what the socket holds for its reader.
 *
 * | state | bytes | deadline |
 * |---|---|---|
 * | idle | a head: next request; anything but a plain whole head: handed over | head, then keep-alive |
 * | body of a request | to the request | request: 408 |
 * | answering | held | none: the pipeline's own |
 * | answered, not all of it taken | held | none while the reader takes some of it |
 * | discarding | thrown away, up to 64 MiB | 2 s: destroyed |
 */
export class Http1Connection implements Watched {
  place = -1;
  deadlineMs: number;
  readonly socket: Socket;
  readonly address: string;
  /** What the peer proved to be by TLS. */
  readonly certificate: ClientCertificate | undefined;
  readonly shared: Http1Shared;
  readonly #readHead: typeof parseRequestHead;
  #client: Http1Client | undefined;
  #held: Buffer | undefined;
  #served = 0;
  #discarded = -1;
  #isReading = false;
  /** The last deadline found an answer that was not all taken. */
  #isReaderSlow = false;
  /** Bytes that had come by then. */
  #readBytes = 0;
  /** Until when a slow reader who goes on sending has to have taken all of it. */
  #takenByMs = never;
  readonly #onData = (chunk: Buffer): void => this.#data(chunk);
  readonly #onClose = (): void => this.#closed();
  /** A close always follows, and that is where the client's leaving is acted on. */
  readonly #onError = (): void => void this.socket.destroy();
  /** The reader took all that was written: it is slow no more when the next request begins. */
  readonly #onRoom = (): void => {
    this.#readerTookAll();
    if (this.#client === undefined) this.#goOn();
  };

  constructor(socket: Socket, shared: Http1Shared) {
    this.socket = socket;
    this.shared = shared;
    this.#readHead = createHeadReader(shared.parseHead);
    this.address = socket.remoteAddress ?? "";
    this.certificate = shared.tls?.certificateOf(socket);
    this.deadlineMs = shared.nowMs() + shared.headMs;
    shared.reads.take(socket, this.#onData);
    socket.on("data", this.#onData);
    socket.on("close", this.#onClose);
    socket.on("error", this.#onError);
    shared.watch.add(this);
  }

  get isIdle(): boolean {
    return this.#client === undefined && this.#discarded < 0 && !this.hasUnsent;
  }

  /** Whether the reader has not taken all that was written. */
  get hasUnsent(): boolean {
    return this.socket.writableLength > 0;
  }

  /** Whether the answer that is written now leaves the connection open. */
  mayKeep(bodyLeft: number): boolean {
    return (
      !this.shared.isDraining &&
      this.#served < requestsPerConnectionMax &&
      bodyLeft <= discardKeepBytesMax
    );
  }

  /** The request's answer is written. */
  answered(keep: boolean, bodyLeft: number): void {
    if (this.socket.destroyed) return;
    if (!keep && bodyLeft > 0) {
      // Closing on unread bytes would reset the connection before the client read the answer.
      this.#discarded = 0;
      this.deadlineMs = this.shared.nowMs() + discardMs;
      this.socket.resume();
      return;
    }
    if (!keep) {
      this.socket.end();
      this.deadlineMs = this.shared.nowMs() + discardMs;
      return;
    }
    if (bodyLeft > 0) {
      this.deadlineMs = this.shared.nowMs() + this.shared.requestMs;
      this.socket.resume();
      return;
    }
    this.#client = undefined;
    this.deadlineMs = this.shared.nowMs() + this.shared.keepAliveMs;
    if (!this.#isReading) this.#goOn();
  }

  /** Goes on with what was held. */
  #goOn(): void {
    const held = this.#held;
    if (held === undefined || this.socket.destroyed) return;
    this.#held = undefined;
    this.#take(held);
    this.#resume();
  }

  /** A body nobody reads yet waits in the socket. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  onDeadline(): void {
    const client = this.#client;
    const isAnswered = client === undefined || client.isAnswered;
    if (!isAnswered && this.#discarded < 0) {
      this.deadlineMs = never;
      client.timeOut();
    } else if (isAnswered && this.#discarded < 0 && this.#awaitsReader()) return;
    else this.socket.destroy();
  }

  /**
   * Puts the deadline off while the reader takes some of the answer. How long it may take none of it
   * is left to the socket, which alone sees what is taken of one write. As what a client sends is a
   * sign of life to the socket, too, one that sends meanwhile gets no more than that time.
   */
  #awaitsReader(): boolean {
    const nowMs = this.shared.nowMs();
    if (this.hasUnsent) {
      if (!this.#isReaderSlow) this.#waitForReader();
      if (this.#takenByMs === never && this.socket.bytesRead !== this.#readBytes)
        this.#takenByMs = nowMs + this.shared.stalledMs;
      this.deadlineMs = Math.min(nowMs + readerLookMs, this.#takenByMs);
      return nowMs < this.#takenByMs;
    }
    return this.#readerTookAll();
  }

  #waitForReader(): void {
    this.#isReaderSlow = true;
    this.#readBytes = this.socket.bytesRead;
    this.socket.pause();
    this.socket.setTimeout(this.shared.stalledMs, this.#onError);
    this.#awaitRoom();
  }

  /** False: the reader was not slow. */
  #readerTookAll(): boolean {
    if (!this.#isReaderSlow) return false;
    this.#forgetReader();
    const leftMs = this.#client === undefined ? this.shared.keepAliveMs : discardMs;
    this.deadlineMs = this.shared.nowMs() + leftMs;
    return true;
  }

  /** Listens once, however often it is asked to. */
  #awaitRoom(): void {
    this.socket.off("drain", this.#onRoom);
    this.socket.once("drain", this.#onRoom);
  }

  #forgetReader(): void {
    if (!this.#isReaderSlow) return;
    this.#isReaderSlow = false;
    this.#takenByMs = never;
    this.socket.setTimeout(0, this.#onError);
    this.socket.resume();
  }

  /** Takes this front's hands off the socket. */
  release(): void {
    this.shared.watch.remove(this);
    this.shared.reads.giveBack(this.socket);
    this.socket.off("data", this.#onData);
    this.socket.off("close", this.#onClose);
    this.socket.off("error", this.#onError);
    this.socket.off("drain", this.#onRoom);
    this.#forgetReader();
  }

  #data(chunk: Buffer): void {
    if (this.#discarded >= 0) {
      this.#discarded += chunk.length;
      if (this.#discarded > discardBytesMax) this.socket.destroy();
      return;
    }
    const client = this.#client;
    const rest = client === undefined ? chunk : client.feed(chunk);
    if (rest === undefined) return;
    if (this.#client === undefined && this.#held === undefined) this.#take(rest);
    else this.#hold(rest);
  }

  #hold(bytes: Buffer): void {
    this.#held = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes]);
    if (this.#held.length > heldBytesMax) this.socket.pause();
  }

  /** A body that nobody asked for yet stays in the socket. */
  #resume(): void {
    if (!this.socket.isPaused() || this.#client?.isUnasked === true) return;
    if ((this.#held?.length ?? 0) <= heldBytesMax) this.socket.resume();
  }

  /** Reads requests until one is under way or the bytes are used up. */
  #take(bytes: Buffer): void {
    let at = 0;
    this.#isReading = true;
    while (at < bytes.length && this.#client === undefined && this.#hasRoom) {
      const next = this.#begin(bytes, at);
      if (next < 0) {
        this.#isReading = false;
        this.shared.adopt(this, at === 0 ? bytes : bytes.subarray(at));
        return;
      }
      at = next;
    }
    this.#isReading = false;
    if (at >= bytes.length || this.socket.destroyed) return;
    this.#hold(bytes.subarray(at));
    if (this.#client === undefined) this.#awaitRoom();
  }

  /** Whether another answer may be written. */
  get #hasRoom(): boolean {
    return !this.socket.destroyed && !this.socket.writableNeedDrain;
  }

  /** Begins the request at `at`; gives the index after what was used of it, or -1: hand over. */
  #begin(bytes: Buffer, at: number): number {
    const { shared } = this;
    const end = bytes.indexOf(headEnd, at);
    if (end < 0 || end - at > shared.headBytesMax) return -1;
    const head = this.#readHead(bytes.toString("latin1", at, end + 2), headersMax);
    if (!head || !shared.serves(head.method, head.target)) return -1;
    const from = end + headEnd.length;
    let to = Math.min(bytes.length, from + head.contentLength);
    let chunks: ChunkedBody | undefined;
    if (head.isChunked) {
      chunks = new ChunkedBody();
      to = chunks.feed(bytes, from, bytes.length);
      // Nothing is used up yet: a complete parser may still judge it.
      if (chunks.isBad) return -1;
    }
    this.#served++;
    const client = new Http1Client(this, head, chunks ?? bytes.subarray(from, to));
    this.#client = client;
    this.deadlineMs = client.isBodyAwaited ? shared.nowMs() + shared.requestMs : never;
    client.begin();
    return to;
  }

  /** The body of the request under way has arrived. */
  bodyCame(): void {
    if (this.#discarded < 0) this.deadlineMs = never;
  }

  #closed(): void {
    this.shared.watch.remove(this);
    this.#held = undefined;
    this.#client?.gone();
  }
}
