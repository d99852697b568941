import type { Socket } from "node:net";
import { createEgress, hostOf } from "@loadline/kit/egress";
import { printable, WireFault } from "./fault.ts";

const bufferBytesMax = 32 * 1024 * 1024;

/** A connection to a service, read as the protocol needs it. Every wait ends with the signal. */
export interface ByteStream extends Disposable {
  /** False once the connection ended, whoever ended it. */
  readonly isOpen: boolean;
  write(bytes: Buffer | string): void;
  /** Exactly `count` bytes. */
  read(count: number): Promise<Buffer>;
  /** Bytes before the next CR LF, without it; at most 64 KiB. */
  readLine(): Promise<string>;
}

const lineBytesMax = 65_536;

interface Wait {
  ready(): Buffer | null;
  resolve(bytes: Buffer): void;
  reject(cause: WireFault): void;
}

class SocketStream implements ByteStream {
  readonly #socket: Socket;
  readonly #where: string;
  readonly #signal: AbortSignal;
  readonly #onAbort: () => void;
  #buffer: Buffer = Buffer.alloc(0);
  #wait: Wait | null = null;
  #fault: WireFault | null = null;

  constructor(socket: Socket, where: string, signal: AbortSignal) {
    this.#socket = socket;
    this.#where = where;
    this.#signal = signal;
    this.#onAbort = () => this.#fail("timeout", `${where} gave no whole answer in time`);
    signal.addEventListener("abort", this.#onAbort, { once: true });
    socket.on("data", (chunk) => this.#feed(chunk));
    socket.on("error", (cause) => this.#fail("closed", `${where}: ${cause.message}`));
    socket.on("close", () => this.#fail("closed", `${where} closed the connection`));
  }

  get isOpen(): boolean {
    return this.#fault === null;
  }

  #feed(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    if (this.#buffer.length > bufferBytesMax) {
      this.#fail("protocol", `${this.#where} sent more than ${bufferBytesMax} bytes at once`);
      return;
    }
    this.#serve();
  }

  #serve(): void {
    const wait = this.#wait;
    if (wait === null) return;
    try {
      const bytes = wait.ready();
      if (bytes === null) return;
      this.#wait = null;
      wait.resolve(bytes);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      this.#fail("protocol", message);
    }
  }

  #fail(code: WireFault["code"], message: string): void {
    this.#fault ??= new WireFault(code, message, printable(this.#buffer));
    this.#socket.destroy();
    const wait = this.#wait;
    this.#wait = null;
    wait?.reject(this.#fault);
  }

  #next(ready: () => Buffer | null): Promise<Buffer> {
    const bytes = ready();
    if (bytes !== null) return Promise.resolve(bytes);
    if (this.#fault !== null) return Promise.reject(this.#fault);
    return new Promise((resolve, reject) => {
      this.#wait = { ready, resolve, reject };
    });
  }

  write(bytes: Buffer | string): void {
    if (this.#fault === null) this.#socket.write(bytes);
  }

  read(count: number): Promise<Buffer> {
    return this.#next(() => {
      if (this.#buffer.length < count) return null;
      const bytes = this.#buffer.subarray(0, count);
      this.#buffer = this.#buffer.subarray(count);
      return bytes;
    });
  }

  async readLine(): Promise<string> {
    const line = await this.#next(() => {
      const end = this.#buffer.indexOf("\r\n");
      if (end < 0 && this.#buffer.length > lineBytesMax) {
        const raw = printable(this.#buffer);
        throw new WireFault("protocol", `${this.#where} sent a line without an end`, raw);
      }
      if (end < 0) return null;
      const bytes = this.#buffer.subarray(0, end);
      this.#buffer = this.#buffer.subarray(end + 2);
      return bytes;
    });
    return line.toString("utf8");
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#fault ??= new WireFault("closed", "closed by the check");
    this.#socket.destroy();
  }
}

export interface StreamTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** Host and port of a service's URL; `port` where it names none. */
export function streamTarget(url: string, port: number, tls = false): StreamTarget {
  const parsed = new URL(url);
  return { host: hostOf(parsed), port: parsed.port === "" ? port : Number(parsed.port), tls };
}

/** Opens a connection to that service and no other. @throws WireFault refused, timeout, closed. */
export async function openStream(target: StreamTarget, signal: AbortSignal): Promise<ByteStream> {
  const { host, port, tls } = target;
  const at = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const url = new URL(`${tls ? "https" : "http"}://${at}`);
  if (signal.aborted) throw new WireFault("timeout", `${at}: no time was left`);
  const socket = createEgress({ allowHosts: [host] }).connect(url);
  await new Promise<void>((resolve, reject) => {
    const done = (fault: WireFault | null): void => {
      signal.removeEventListener("abort", onAbort);
      socket.removeAllListeners("error").removeAllListeners("close");
      if (fault === null) return resolve();
      socket.on("error", () => socket.destroy()).destroy();
      reject(fault);
    };
    const onAbort = (): void => done(new WireFault("timeout", `${at} let nobody in in time`));
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once(tls ? "secureConnect" : "connect", () => done(null));
    socket.once("error", (cause: Error & { code?: string }) =>
      done(
        new WireFault("refused", `${at} refused the connection (${cause.code ?? cause.message})`),
      ),
    );
    socket.once("close", () => done(new WireFault("closed", `${at} closed the connection`)));
  });
  return new SocketStream(socket, at, signal);
}
