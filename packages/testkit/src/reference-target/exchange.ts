import type { Socket } from "node:net";
import type { Clock } from "@loadline/kit/clock";
import type { Random } from "@loadline/kit/random";
import type { Ledger, SeenRequest } from "./ledger.ts";
import type { TargetOptions } from "./options.ts";
import type { TargetRequest } from "./request.ts";

/** What every route knows of the target. */
export interface TargetState {
  options: TargetOptions;
  random: Random;
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** Plain requests so far, for the quota. */
  plain: number;
}

const reasons: Readonly<Record<number, string>> = { 200: "OK", 201: "Created", 202: "Accepted" };

/** One request and its one answer; every way of ending it is recorded once. */
export class Exchange {
  readonly socket: Socket;
  readonly request: TargetRequest;
  readonly state: TargetState;
  /** 1, or 1.1 on the slower port. */
  readonly slower: number;
  readonly #next: () => void;
  #firstMs = Number.NaN;
  #ended = false;

  constructor(
    socket: Socket,
    request: TargetRequest,
    o: { state: TargetState; slower: number; next: () => void },
  ) {
    this.socket = socket;
    this.request = request;
    this.state = o.state;
    this.slower = o.slower;
    this.#next = o.next;
  }

  /** Writes a whole answer of known length. */
  answer(status: number, body: string, headers: Readonly<Record<string, string>> = {}): void {
    const bytes = Buffer.from(body);
    const head = this.#head(status, { ...headers, "content-length": String(bytes.length) });
    this.socket.write(Buffer.concat([head, bytes]));
    this.done(status);
  }

  json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
    this.answer(status, JSON.stringify(body), { "content-type": "application/json", ...headers });
  }

  /** Head of an answer in chunks; `chunk` and `lastChunk` follow. */
  startChunks(status: number, headers: Readonly<Record<string, string>>): void {
    this.socket.write(this.#head(status, { ...headers, "transfer-encoding": "chunked" }));
  }

  chunk(text: string): void {
    const bytes = Buffer.from(text);
    if (Number.isNaN(this.#firstMs)) this.#firstMs = this.state.clock.monotonicMs();
    this.socket.write(
      Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]),
    );
  }

  lastChunk(status: number): void {
    this.socket.write("0\r\n\r\n");
    this.done(status);
  }

  /** Records the answer as given now and lets the connection's next request begin. */
  done(status: number): void {
    if (this.#ended) return;
    this.#ended = true;
    const { clock, ledger } = this.state;
    ledger.seen({ ...this.#seen(), doneMs: clock.monotonicMs(), status });
    this.#next();
  }

  /** Records that the connection is ended in place of an answer. */
  broken(end: (socket: Socket) => void): void {
    if (this.#ended) return;
    this.#ended = true;
    this.state.ledger.seen({ ...this.#seen(), doneMs: Number.NaN, status: 0 });
    end(this.socket);
  }

  /** Calls `run` after `delayMs`, at once for 0. */
  after(delayMs: number, run: () => void): void {
    if (delayMs <= 0) run();
    else this.state.clock.after(delayMs, run);
  }

  /** True for this share (0..1) of calls. */
  drawn(share: number | undefined): boolean {
    return share !== undefined && share > 0 && this.state.random.unit() < share;
  }

  #seen(): Pick<SeenRequest, "arrivedMs" | "firstMs" | "path" | "number"> {
    const { arrivedMs, path, query } = this.request;
    const number = query.get("i");
    const firstMs = this.#firstMs;
    return { arrivedMs, firstMs, path, number: number === null ? null : Number(number) };
  }

  #head(status: number, headers: Readonly<Record<string, string>>): Buffer {
    const rows = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return Buffer.from(`HTTP/1.1 ${status} ${reasons[status] ?? "X"}\r\n${rows.join("")}\r\n`);
  }
}
