import type { ChunkedBody, RequestHead } from "@loadline/kit/http1";
import { Gathered } from "../../body/gathered.ts";
import type { GatewayErrorCode } from "../../errors.ts";
import type { ClientCertificate } from "../../identity/certificate.ts";
import type { BodyRead, Client, Exchange } from "../../pipeline/exchange.ts";
import { oneWriteBytesMax } from "../front.ts";
import { takenBytesOf } from "../taken-bytes.ts";
import type { Http1Connection } from "./connection.ts";

const chunked = "transfer-encoding: chunked\r\n";
const lastChunk = "0\r\n\r\n";
const noBytes = Buffer.alloc(0);
/** Of a chunked body that is not whole yet: too much to be read to its end for a kept connection. */
const unknownLength = Number.POSITIVE_INFINITY;

/** One request on a connection of our own as the pipeline sees it. */
export class Http1Client implements Client {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly isHttp11 = true;
  readonly #connection: Http1Connection;
  readonly #keepAlive: boolean;
  readonly #contentLength: number;
  /** Body bytes that did not arrive yet. */
  #left: number;
  /** Body bytes that came and nobody took yet. */
  #body: Gathered | Buffer;
  #bytesMax = -1;
  #onBody: ((body: BodyRead) => void) | undefined;
  #x: Exchange | undefined;
  #address: string | undefined;
  #keep = true;
  #isOpen = false;
  #isAnswered = false;
  #gathers = false;
  /** Of the body, as latin1 text. */
  #gathered = "";

  /** Reads a body of unknown length. */
  readonly #chunks: ChunkedBody | undefined;

  /** `body`: what came with the head, and the reader of a chunked one. */
  constructor(connection: Http1Connection, head: RequestHead, body: Buffer | ChunkedBody) {
    this.#connection = connection;
    this.method = head.method;
    this.target = head.target;
    this.headers = head.headers;
    this.#keepAlive = head.keepAlive;
    this.#contentLength = head.contentLength;
    this.#chunks = Buffer.isBuffer(body) ? undefined : body;
    if (Buffer.isBuffer(body)) {
      this.#left = head.contentLength - body.length;
      this.#body = body;
    } else {
      this.#left = body.isDone ? 0 : unknownLength;
      this.#body = noBytes;
    }
  }

  get address(): string {
    const { address, shared } = this.#connection;
    if (shared.trust === undefined) return address;
    return (this.#address ??= shared.trust(address, this.headers));
  }

  get certificate(): ClientCertificate | undefined {
    return this.#connection.certificate;
  }

  get hasBody(): boolean {
    return this.#left > 0 || this.#body.length > 0 || (this.#chunks?.size ?? 0) > 0;
  }

  get isBodyAwaited(): boolean {
    return this.#left > 0;
  }

  /** Its answer is written to the end. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /** Body bytes are to come, and nobody said yet how many are taken. */
  get isUnasked(): boolean {
    return this.#left > 0 && this.#bytesMax < 0 && !this.#isAnswered;
  }

  get pendingBytes(): number {
    return this.#connection.socket.writableLength + this.#gathered.length;
  }

  get takenBytes(): number {
    return takenBytesOf(this.#connection.socket);
  }

  get isGone(): boolean {
    return this.#connection.socket.destroyed;
  }

  /** Gives the request to the pipeline. */
  begin(): void {
    this.#x = this.#connection.shared.pipeline.begin(this);
    // Something is waited for before the body is: what arrives meanwhile stays in the socket.
    if (this.isUnasked) this.#connection.pause();
  }

  /** Takes body bytes; gives what is beyond the body, undefined when nothing is. */
  feed(chunk: Buffer): Buffer | undefined {
    if (this.#left === 0) return chunk;
    if (this.#chunks !== undefined) return this.#feedChunks(this.#chunks, chunk);
    const take = Math.min(this.#left, chunk.length);
    this.#left -= take;
    if (!this.#isAnswered) this.#keepBody(take === chunk.length ? chunk : chunk.subarray(0, take));
    const rest = take === chunk.length ? undefined : chunk.subarray(take);
    if (this.#left === 0) {
      this.#connection.bodyCame();
      if (this.#isAnswered) this.#connection.answered(this.#keep, 0);
      else this.#finishBody();
    }
    return rest;
  }

  read(bytesMax: number, done: (body: BodyRead) => void): void {
    this.#bytesMax = bytesMax;
    this.#onBody = done;
    const size = this.#chunks?.size ?? this.#contentLength;
    if (size > bytesMax) this.#give("too_large");
    else if (this.#left === 0) this.#finishBody();
    // Who left before anybody waited for a body is not told of again.
    else if (this.isGone) this.#give("cut");
    else this.#connection.resume();
  }

  answer(status: number, headers: readonly string[], body: Buffer | string): void {
    if (this.#isOpen || this.#isAnswered || this.isGone) return;
    const isText = typeof body === "string";
    const framing = `content-length: ${isText ? Buffer.byteLength(body) : body.length}\r\n`;
    const head = this.#head(status, headers, framing);
    const { socket } = this.#connection;
    if (!isText && body.length <= oneWriteBytesMax) {
      const bytes = Buffer.allocUnsafe(head.length + body.length);
      bytes.write(head, 0, "latin1");
      body.copy(bytes, head.length);
      socket.write(bytes);
    } else {
      socket.cork();
      socket.write(head, "latin1");
      if (body.length > 0) socket.write(body);
      socket.uncork();
    }
    this.#answered();
  }

  closeAfter(): void {
    this.#keep = false;
  }

  open(status: number, headers: readonly string[]): void {
    if (this.#isOpen || this.#isAnswered || this.isGone) return;
    this.#isOpen = true;
    this.#connection.socket.write(this.#head(status, headers, chunked), "latin1");
  }

  write(chunk: Buffer): boolean {
    if (chunk.length === 0 || this.#isAnswered || this.isGone) return true;
    return this.#chunk(chunk, "");
  }

  writeChunk(framed: string): boolean {
    if (this.#isAnswered || this.isGone) return true;
    return this.#send(framed);
  }

  gather(isOn: boolean): void {
    this.#gathers = isOn;
    if (!isOn && this.#gathered !== "") this.#send("");
  }

  end(chunk: Buffer = noBytes): void {
    if (!this.#isOpen || this.#isAnswered || this.isGone) return;
    this.#gathers = false;
    if (chunk.length === 0) this.#send(lastChunk);
    else this.#chunk(chunk, lastChunk);
    this.#answered();
  }

  destroy(): void {
    this.gather(false);
    this.#connection.socket.destroy();
  }

  onDrain(run: () => void): void {
    this.#connection.socket.once("drain", run);
  }

  /** The body did not come in time. */
  timeOut(): void {
    this.#refuse("LL_HTTP_TIMEOUT");
  }

  /** The connection is closed. */
  gone(): void {
    this.#give("cut");
    this.#x?.cancel?.("client_left");
  }

  /** The body will never be whole: the connection ends with the answer. */
  #refuse(code: GatewayErrorCode, message?: string): void {
    this.#onBody = undefined;
    this.#keep = false;
    const refusal = message === undefined ? { code } : { code, message };
    if (this.#x) this.#connection.shared.pipeline.refuse(this.#x, refusal);
  }

  #head(status: number, headers: readonly string[], framing: string): string {
    this.#keep &&= this.#keepAlive && this.#connection.mayKeep(this.#left);
    return this.#connection.shared.encoder.encode(status, headers, framing, this.#keep);
  }

  /** Text of the answer's body, behind what was gathered before; false as `write` says it. */
  #send(text: string): boolean {
    const { socket } = this.#connection;
    if (this.#gathers) {
      this.#gathered += text;
      return !socket.writableNeedDrain;
    }
    const all = this.#gathered + text;
    this.#gathered = "";
    return socket.write(all, "latin1");
  }

  /** One chunk in one write; a large one is not copied. */
  #chunk(chunk: Buffer, tail: string): boolean {
    const { socket } = this.#connection;
    const size = `${chunk.length.toString(16)}\r\n`;
    if (chunk.length <= oneWriteBytesMax)
      return this.#send(`${size}${chunk.toString("latin1", 0, chunk.length)}\r\n${tail}`);
    socket.cork();
    socket.write(this.#gathered + size, "latin1");
    this.#gathered = "";
    socket.write(chunk);
    const isRoomy = socket.write(`\r\n${tail}`, "latin1");
    socket.uncork();
    return isRoomy;
  }

  #answered(): void {
    this.#isAnswered = true;
    this.#body = noBytes;
    this.#onBody = undefined;
    this.#connection.answered(this.#keep, this.#left);
  }

  #feedChunks(chunks: ChunkedBody, bytes: Buffer): Buffer | undefined {
    const bytesMax = this.#bytesMax < 0 ? unknownLength : this.#bytesMax;
    const at = chunks.feed(bytes, 0, bytesMax);
    if (chunks.isBad) {
      this.#refuse("LL_HTTP_HEADER", "The chunked body is malformed.");
      return undefined;
    }
    if (chunks.size > bytesMax) {
      this.#give("too_large");
      return undefined;
    }
    if (!chunks.isDone) return undefined;
    this.#left = 0;
    this.#connection.bodyCame();
    const rest = at === bytes.length ? undefined : bytes.subarray(at);
    this.#finishBody();
    return rest;
  }

  #keepBody(chunk: Buffer): void {
    const before = this.#body;
    if (!Buffer.isBuffer(before)) before.add(chunk);
    else if (before.length === 0) this.#body = chunk;
    else {
      this.#body = new Gathered();
      this.#body.add(before);
      this.#body.add(chunk);
    }
  }

  #finishBody(): void {
    if (this.#onBody === undefined) return;
    const body = this.#chunks?.take() ?? this.#body;
    this.#body = noBytes;
    this.#give(Buffer.isBuffer(body) ? body : body.bytes());
  }

  #give(result: BodyRead): void {
    const done = this.#onBody;
    this.#onBody = undefined;
    done?.(result);
  }
}
