import type { Socket } from "node:net";
import { createEgress, hostOf } from "@loadline/kit/egress";
import {
  createFrameParser,
  encodeClose,
  encodeFrame,
  encodeUpgrade,
  readUpgrade,
} from "@loadline/kit/websocket-frames";
import type { StackContext } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { otherKind } from "../guess-kind.ts";
import { LacksFeature, printable, WireFault } from "./fault.ts";
import { filledUrl } from "./query-secrets.ts";

export type WebsocketContext = StackContext<ServiceOf<"websocket">>;

/** What the other side said, in order. */
export type WebsocketEvent =
  | { readonly type: "message" | "ping" | "pong"; readonly bytes: Buffer }
  | { readonly type: "close"; readonly code: number; readonly reason: string }
  /** It broke the protocol. */
  | { readonly type: "broken"; readonly code: number; readonly reason: string }
  /** The connection ended. */
  | { readonly type: "end" };

/** One connection after its upgrade; ends with its block. */
export interface WebsocketSession extends Disposable {
  /** The next thing it says. @throws WireFault `timeout` when the check's time is over. */
  next(): Promise<WebsocketEvent>;
  text(text: string): void;
  ping(bytes: Buffer): void;
  close(code: number): void;
  /** Bytes as they are, for what no client may send. */
  raw(bytes: Buffer): void;
}

const eventsMax = 10_000;

class Session implements WebsocketSession {
  readonly #socket: Socket;
  readonly #context: WebsocketContext;
  readonly #events: WebsocketEvent[] = [];
  readonly #onAbort = (): void => this.#wake();
  #waiting: (() => void) | null = null;

  constructor(socket: Socket, context: WebsocketContext) {
    this.#socket = socket;
    this.#context = context;
    context.signal.addEventListener("abort", this.#onAbort, { once: true });
    const push = (event: WebsocketEvent): void => {
      if (this.#events.length < eventsMax) this.#events.push(event);
      this.#wake();
    };
    const parser = createFrameParser(
      { role: "client" },
      {
        message: (payload) => push({ type: "message", bytes: Buffer.from(payload) }),
        ping: (payload) => push({ type: "ping", bytes: Buffer.from(payload) }),
        pong: (payload) => push({ type: "pong", bytes: Buffer.from(payload) }),
        close: (code, reason) => push({ type: "close", code, reason }),
        fail: (code, reason) => push({ type: "broken", code, reason }),
      },
    );
    socket.removeAllListeners("data").removeAllListeners("close").removeAllListeners("error");
    socket.on("data", (chunk) => parser.feed(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => push({ type: "end" }));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.();
  }

  async next(): Promise<WebsocketEvent> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) return event;
      if (this.#context.signal.aborted) {
        throw new WireFault("timeout", "it did not say the awaited in time");
      }
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  #mask(): number {
    return Buffer.from(this.#context.random.bytes(4)).readUInt32BE(0);
  }

  text(text: string): void {
    this.#socket.write(encodeFrame("text", Buffer.from(text), this.#mask()));
  }

  ping(bytes: Buffer): void {
    this.#socket.write(encodeFrame("ping", bytes, this.#mask()));
  }

  close(code: number): void {
    this.#socket.write(encodeClose(code, "", this.#mask()));
  }

  raw(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  [Symbol.dispose](): void {
    this.#context.signal.removeEventListener("abort", this.#onAbort);
    this.#socket.destroy();
  }
}

/** Connects and upgrades. @throws WireFault, or LacksFeature where there is no such route. */
export async function openWebsocket(context: WebsocketContext): Promise<WebsocketSession> {
  const { url: text, token, origin } = context.service;
  const url = new URL(filledUrl(text.replace(/^ws/, "http"), context.secret));
  const headers = ["host", url.host];
  if (token !== undefined) headers.push("authorization", `Bearer ${context.secret(token) ?? ""}`);
  if (origin !== undefined) headers.push("origin", origin);
  const nonce = context.random.bytes(16);
  const request = encodeUpgrade(url.pathname + url.search, headers, nonce);
  const at = url.host;
  if (context.signal.aborted) throw new WireFault("timeout", `${at}: no time was left`);
  const socket = createEgress({ allowHosts: [hostOf(url)] }).connect(url);
  const early = await upgraded(socket, { url, request, nonce }, context);
  const session = new Session(socket, context);
  if (early.length > 0) socket.emit("data", early);
  return session;
}

interface Upgrade {
  readonly url: URL;
  readonly request: Buffer;
  readonly nonce: Uint8Array;
}

/** Bytes that came after the head of the answer. */
function upgraded(socket: Socket, o: Upgrade, context: WebsocketContext): Promise<Buffer> {
  const { signal } = context;
  const at = o.url.host;
  return new Promise((resolve, reject) => {
    let read: Buffer = Buffer.alloc(0);
    let isConnected = false;
    const fail = (fault: Error): void => {
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      reject(fault);
    };
    const onAbort = (): void =>
      fail(new WireFault("timeout", `${at} gave no answer to the upgrade in time`));
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once(o.url.protocol === "https:" ? "secureConnect" : "connect", () => {
      isConnected = true;
      socket.write(o.request);
    });
    socket.on("error", (cause: Error & { code?: string }) => {
      const why = cause.code ?? cause.message;
      const said = isConnected ? `${at}: ${why}` : `${at} refused the connection (${why})`;
      fail(new WireFault(isConnected ? "closed" : "refused", said));
    });
    socket.on("close", () =>
      fail(new WireFault("closed", `${at} closed the connection`, printable(read))),
    );
    socket.on("data", (chunk) => {
      read = Buffer.concat([read, chunk]);
      const answer = readUpgrade(read, o.nonce);
      if (answer === null) return;
      if (answer.type === "open") {
        signal.removeEventListener("abort", onAbort);
        resolve(read.subarray(answer.at));
      } else if (answer.type === "refused" && [404, 405, 501].includes(answer.status)) {
        const said = `${o.url.pathname} answered the upgrade with ${answer.status}`;
        fail(new LacksFeature(`${said}: the service has no such route.`));
      } else if (answer.type === "refused") {
        const said = `the upgrade was answered with ${answer.status}`;
        fail(new WireFault("protocol", said, printable(read)));
      } else {
        const isHttp = read.subarray(0, 5).toString("latin1") === "HTTP/";
        const said = isHttp
          ? `the answer to the upgrade is malformed: ${answer.detail}`
          : otherKind(context, "WebSocket", printable(read));
        fail(new WireFault("protocol", said, printable(read)));
      }
    });
  });
}
