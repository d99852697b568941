import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Clock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { listenOnLoopback } from "../listen.ts";
import { Exchange, type TargetState } from "./exchange.ts";
import { Ledger } from "./ledger.ts";
import { McpServer } from "./mcp.ts";
import type { TargetOptions } from "./options.ts";
import { answerPlain } from "./plain.ts";
import { RagStore } from "./rag.ts";
import { RequestReader } from "./request.ts";
import { Rooms } from "./rooms.ts";
import { answerChat, answerStream } from "./stream.ts";

const backlog = 4096;
const seedDefault = 1;

/** The target itself: one event loop, two ports, one ledger. */
export class TargetServer {
  readonly #state: TargetState;
  readonly #sockets = new Set<Socket>();
  readonly #servers: Server[] = [];
  #rag = new RagStore();
  #mcp = new McpServer();
  #rooms = new Rooms();
  #stalling = 0;

  constructor(options: TargetOptions, clock: Clock) {
    const random = seededRandom(options.seed ?? seedDefault);
    this.#state = { options, random, clock, ledger: new Ledger(), plain: 0 };
  }

  get ledger(): Ledger {
    return this.#state.ledger;
  }

  /** Binds both ports, begins to stall, and answers with the ports: as asked, and 10 % slower. */
  async listen(): Promise<{ port: number; slowerPort: number }> {
    const port = await this.#listen(1);
    const slowerPort = await this.#listen(1.1);
    this.#stall();
    return { port, slowerPort };
  }

  /** Behaves as said from now on and forgets what it held and counted. */
  configure(options: TargetOptions): void {
    this.#state.options = options;
    this.#state.random = seededRandom(options.seed ?? seedDefault);
    this.reset();
    this.#rag = new RagStore();
    this.#mcp = new McpServer();
    this.#rooms = new Rooms();
    this.#stall();
  }

  /** Forgets what it counted; connections and stored documents stay. */
  reset(): void {
    this.#state.ledger.reset();
    this.#state.plain = 0;
  }

  async close(): Promise<void> {
    this.#stalling++;
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) server.close();
    await Promise.all(this.#servers.map((server) => once(server, "close")));
  }

  #listen(slower: number): Promise<number> {
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket, slower));
    this.#servers.push(server);
    return listenOnLoopback(server, { backlog });
  }

  #accept(socket: Socket, slower: number): void {
    this.#state.ledger.connected();
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    // A client that went away is the client's business; what it left open counts as unanswered.
    socket.on("error", () => socket.destroy());
    const waitMs = this.#state.options.faults?.slowAcceptMs ?? 0;
    if (waitMs <= 0) this.#serve(socket, slower);
    else {
      socket.pause();
      this.#state.clock.after(waitMs, () => {
        this.#serve(socket, slower);
        socket.resume();
      });
    }
  }

  /** One request at a time per connection; what comes early waits. */
  #serve(socket: Socket, slower: number): void {
    const { clock } = this.#state;
    const reader = new RequestReader();
    let isBusy = false;
    const next = (): void => {
      isBusy = false;
      const request = reader.next(clock.monotonicMs());
      if (request === null) return;
      if (request === "bad") {
        socket.end("HTTP/1.1 400 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        return;
      }
      isBusy = true;
      const exchange = new Exchange(socket, request, { state: this.#state, slower, next });
      this.#route(exchange, reader);
    };
    socket.on("data", (chunk: Buffer) => {
      reader.push(chunk, clock.monotonicMs());
      if (!isBusy) next();
    });
  }

  #route(exchange: Exchange, reader: RequestReader): void {
    const { path, headers } = exchange.request;
    const { token } = this.#state.options;
    if (token !== undefined && headers.get("authorization") !== `Bearer ${token}`) {
      exchange.json(401, { error: { message: "no such key", type: "authentication" } });
    } else if (path === "/v1/models") {
      exchange.json(200, { object: "list", data: [{ id: "reference", object: "model" }] });
    } else if (path.endsWith("/chat/completions")) answerChat(exchange);
    else if (path === "/stream") answerStream(exchange);
    else if (path.startsWith("/rag/")) this.#rag.answer(exchange);
    else if (path === "/mcp") this.#mcp.answer(exchange);
    else if (path === "/ws") this.#rooms.upgrade(exchange, reader.rest());
    else if (path.startsWith("/v1/")) {
      exchange.json(404, { error: { message: "no such route", type: "invalid_request_error" } });
    } else answerPlain(exchange);
  }

  /** Stands still in rounds; a new configuration ends the rounds of the one before. */
  #stall(): void {
    const round = ++this.#stalling;
    const { stall } = this.#state.options;
    const { clock, ledger } = this.#state;
    if (stall === undefined) return;
    const cell = new Int32Array(new SharedArrayBuffer(4));
    const originMs = clock.monotonicMs();
    const next = (number: number): void => {
      const waitMs = originMs + number * stall.everyMs - clock.monotonicMs();
      clock.after(Math.max(0, waitMs), () => {
        if (this.#stalling !== round) return;
        const fromMs = clock.monotonicMs();
        // Nothing of this process runs meanwhile: accepted bytes wait in the kernel.
        Atomics.wait(cell, 0, 0, stall.stallMs);
        ledger.stalled(fromMs, clock.monotonicMs());
        next(number + 1);
      });
    };
    next(1);
  }
}
