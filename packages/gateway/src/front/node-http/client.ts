import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "@loadline/kit/clock";
import {
  type FrontTls,
  discardBytesMax,
  discardKeepBytesMax,
  discardMs,
  oneWriteBytesMax,
} from "../front.ts";
import { Gathered } from "../../body/gathered.ts";
import type { ProxyTrust } from "../proxy-trust.ts";
import { takenBytesOf } from "../taken-bytes.ts";
import { watchReader } from "./reader-watch.ts";
import type { ClientCertificate } from "../../identity/certificate.ts";
import type { BodyRead, Client, Exchange, SentHow } from "../../pipeline/exchange.ts";

/** What answers requests under /admin. */
export interface RequestHandler {
  handle(request: IncomingMessage, response: ServerResponse, x: Exchange): void;
}

export interface ClientOptions {
  readonly clock: Clock;
  /** Connections whose last answer is on its way: what they carry behind it is not served. */
  readonly closing: WeakSet<Socket>;
  readonly isExpecting: boolean;
  readonly trust: ProxyTrust | undefined;
  readonly tls: Pick<FrontTls, "certificateOf"> | undefined;
  readonly admin: RequestHandler | undefined;
}

/** One request of Node's HTTP server as the pipeline sees it. */
export class NodeClient implements Client {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  /** The client waits for `100 Continue` before it sends its body. */
  readonly #isExpecting: boolean;
  readonly #admin: RequestHandler | undefined;
  readonly #trust: ProxyTrust | undefined;
  readonly #tls: ClientOptions["tls"];
  readonly #closing: WeakSet<Socket>;
  #address: string | undefined;
  #onBody: ((body: BodyRead) => void) | undefined;
  #hasLeft = false;

  constructor(request: IncomingMessage, response: ServerResponse, o: ClientOptions) {
    this.#request = request;
    this.#response = response;
    this.#clock = o.clock;
    this.#closing = o.closing;
    this.#isExpecting = o.isExpecting;
    this.#admin = o.admin;
    this.#trust = o.trust;
    this.#tls = o.tls;
  }

  get method(): string {
    return this.#request.method ?? "";
  }

  get target(): string {
    return this.#request.url ?? "";
  }

  get headers(): readonly string[] {
    return this.#request.rawHeaders;
  }

  get isHttp11(): boolean {
    return this.#request.httpVersionMinor === 1;
  }

  get address(): string {
    const peer = this.#request.socket.remoteAddress ?? "";
    if (this.#trust === undefined) return peer;
    return (this.#address ??= this.#trust(peer, this.#request.rawHeaders));
  }

  get certificate(): ClientCertificate | undefined {
    return this.#tls?.certificateOf(this.#request.socket);
  }

  get hasBody(): boolean {
    return !this.#request.complete;
  }

  /** Its answer is written to the end. */
  get isAnswered(): boolean {
    return this.#response.writableEnded;
  }

  get pendingBytes(): number {
    return this.#response.writableLength;
  }

  get takenBytes(): number {
    return takenBytesOf(this.#request.socket);
  }

  get isGone(): boolean {
    const { destroyed, socket } = this.#response;
    return this.#hasLeft || destroyed || (socket?.destroyed ?? false);
  }

  read(bytesMax: number, done: (body: BodyRead) => void): void {
    // Who left before anybody waited for a body is not told of again.
    if (this.isGone) return done("cut");
    const request = this.#request;
    if (this.#isExpecting) this.#response.writeContinue();
    this.#onBody = done;
    const body = new Gathered();
    request.on("data", (chunk: Buffer) => {
      if (this.#onBody === undefined) return;
      if (body.length + chunk.length > bytesMax) this.#finishBody("too_large");
      else body.add(chunk);
    });
    request.on("end", () => this.#finishBody(body.bytes()));
  }

  /** The exchange ends when the plane's answer does, or its connection. */
  handOver(x: Exchange): boolean {
    const response = this.#response;
    if (!this.#admin) return false;
    // Its close is over: nothing would end the exchange any more.
    if (this.isGone) return x.exit({ reason: "client_left", status: 499 });
    response.once("close", () => {
      if (x.isOver) return;
      const status = response.statusCode;
      const answered = status < 400 ? "ok" : status < 500 ? "refused" : "failed";
      x.exit({ reason: response.writableFinished ? answered : "client_left", status });
    });
    x.cancel = (why) => {
      if (why === "client_left") response.destroy();
    };
    if (this.#isExpecting) response.writeContinue();
    this.#admin.handle(this.#request, response, x);
    return true;
  }

  /** The connection is gone: a body still awaited is cut. */
  gone(): void {
    this.#hasLeft = true;
    this.#finishBody("cut");
  }

  #finishBody(result: BodyRead): void {
    const done = this.#onBody;
    this.#onBody = undefined;
    done?.(result);
  }

  answer(status: number, headers: readonly string[], body: Buffer | string): void {
    const response = this.#response;
    if (response.headersSent || response.destroyed) return;
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
    const list = [...headers, "content-length", String(length)];
    list.push("x-content-type-options", "nosniff");
    const mustDiscard = status >= 400 && !this.#request.complete && this.#hasLargeBody();
    if (mustDiscard || !response.shouldKeepAlive) list.push("connection", "close");
    response.writeHead(status, list);
    const isHead = this.#request.method === "HEAD";
    if (isHead) response.end();
    else if (!mustDiscard) endWith(response, body);
    else this.#discardThenEnd(body);
  }

  closeAfter(): void {
    this.#response.shouldKeepAlive = false;
    this.#closing.add(this.#request.socket);
  }

  open(status: number, headers: readonly string[]): void {
    const list = [...headers, "x-content-type-options", "nosniff"];
    if (!this.#response.shouldKeepAlive) list.push("connection", "close");
    this.#response.writeHead(status, list);
  }

  write(chunk: Buffer): boolean {
    return this.#response.write(chunk);
  }

  end(chunk?: Buffer): void {
    if (!this.#response.destroyed) this.#response.end(chunk);
  }

  destroy(): void {
    this.#response.destroy();
  }

  onDrain(run: () => void): void {
    this.#response.once("drain", run);
  }

  onSent(run: (how: SentHow) => void): void {
    watchReader(this.#response, this.#clock, run);
  }

  #hasLargeBody(): boolean {
    const { "content-length": length, "transfer-encoding": coding } = this.#request.headers;
    return coding !== undefined || Number(length ?? 0) > discardKeepBytesMax;
  }

  /** Closing on unread bytes would reset the connection before the client read the answer. */
  #discardThenEnd(body: Buffer | string): void {
    const request = this.#request;
    const response = this.#response;
    let size = 0;
    const finish = (): void => {
      timer.cancel();
      if (!response.writableEnded) response.end();
    };
    const timer = this.#clock.after(discardMs, finish, { unref: true });
    response.write(body);
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > discardBytesMax) finish();
    });
    request.once("end", finish);
    request.once("close", finish);
    request.resume();
  }
}

/** A small body as text leaves in one write with its head; as bytes it would need a vector. */
function endWith(response: ServerResponse, body: Buffer | string): void {
  if (typeof body === "string" || body.length > oneWriteBytesMax) response.end(body);
  else response.end(body.toString("latin1"), "latin1");
}
