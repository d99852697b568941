/** Callers on raw kept-alive sockets. */
import { connect, type Socket } from "node:net";
import type { Subject } from "./subject.ts";

const prompt = "y".repeat(900);
const messages = [{ role: "user", content: prompt }];
const lengthPattern = /content-length: *(\d+)/i;

export function requestOf(subject: Subject, isStream: boolean): Buffer {
  const body = JSON.stringify({ model: "bench", messages, ...(isStream && { stream: true }) });
  const credential = subject.key === "" ? "" : `authorization: Bearer ${subject.key}\r\n`;
  return Buffer.from(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n${credential}` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
}

/** One connection that carries one request after another. */
export class Caller {
  readonly #socket: Socket;
  #expected = -1;
  #received = 0;
  #done: ((error?: Error) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", (error) => this.#end(error));
    socket.on("close", () => this.#end(new Error("closed in the middle of an answer")));
  }

  static open({ port }: Pick<Subject, "port">): Promise<Caller> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new Caller(socket));
      });
    });
  }

  /** Calls back when the whole answer was read, with what was wrong otherwise. */
  send(request: Buffer, done: (error?: Error) => void): void {
    // A socket that is gone tells nobody that it takes no more.
    if (!this.#socket.writable) return done(new Error("closed before it was asked"));
    this.#expected = -1;
    this.#received = 0;
    this.#done = done;
    this.#socket.write(request);
  }

  close(): void {
    this.#done = undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    if (this.#expected < 0) {
      const head = chunk.toString("latin1", 0, 2048);
      if (!head.startsWith("HTTP/1.1 200")) return this.#end(new Error(head.slice(0, 400)));
      const length = Number(lengthPattern.exec(head)?.[1] ?? Number.NaN);
      this.#expected = head.indexOf("\r\n\r\n") + 4 + length;
    }
    this.#received += chunk.length;
    if (this.#received >= this.#expected) this.#end();
  }

  #end(error?: Error): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(error);
  }
}

/** Sends `count` requests over `connections`, one at a time on each. */
export async function drive(subject: Subject, count: number, connections = 64): Promise<void> {
  const request = requestOf(subject, false);
  let sent = 0;
  const lane = async (): Promise<void> => {
    const caller = await Caller.open(subject);
    try {
      await new Promise<void>((resolve, reject) => {
        const next = (error?: Error): void => {
          if (error) reject(error);
          else if (sent >= count) resolve();
          else {
            sent++;
            caller.send(request, next);
          }
        };
        next();
      });
    } finally {
      caller.close();
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
}

/** Reads one stream to its end; gives its events and the ms to the first with content, or a fault. */
export function readStream(
  subject: Subject,
  nowMs: () => number,
): Promise<{ events: number; firstMs: number } | string> {
  return new Promise((resolve) => {
    const socket = connect(subject.port, "127.0.0.1");
    const startMs = nowMs();
    let events = 0;
    let firstMs = -1;
    let tail = "";
    socket.setNoDelay(true);
    socket.setEncoding("latin1");
    socket.on("connect", () => socket.write(requestOf(subject, true)));
    socket.on("data", (chunk: string) => {
      for (let at = chunk.indexOf("data: "); at >= 0; at = chunk.indexOf("data: ", at + 6))
        events++;
      if (firstMs < 0 && chunk.includes(" word")) firstMs = nowMs() - startMs;
      tail = (tail + chunk).slice(-64);
      if (!tail.includes("[DONE]") || !tail.endsWith("0\r\n\r\n")) return;
      socket.destroy();
      resolve({ events, firstMs });
    });
    socket.on("error", (error) => resolve(error.message));
    socket.on("close", () => resolve(`closed after ${events} events: ${tail}`));
  });
}
