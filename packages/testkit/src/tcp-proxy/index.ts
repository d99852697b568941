import { createServer, connect, type Socket } from "node:net";
import type { Clock } from "@loadline/kit/clock";
import { freePort } from "../free-port.ts";
import { listenOnLoopback } from "../listen.ts";

/** Passes connections on loopback to a server, late or not at all when it is told so. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** From now on each answer comes this much later (ms), in order; 0: at once. */
  delay(ms: number): void;
  /** Each answer comes a drawn part of this later (ms), in order. */
  jitter(maxMs: number, draw: () => number): void;
  /** Cuts all connections and refuses new ones, as if nothing listened. */
  refuse(): Promise<void>;
  /** Listens again on its port. */
  accept(): Promise<void>;
}

/** Answers that wait to be handed on at most; then the server is read no further. */
const waitingMax = 1024;

/** Starts a proxy for the server at `targetPort` of loopback. */
export async function startTcpProxy(o: { clock: Clock; targetPort: number }): Promise<TcpProxy> {
  const { clock } = o;
  const open = new Set<Socket>();
  let delayMs: () => number = () => 0;
  const server = createServer((client) => {
    const target = connect(o.targetPort, "127.0.0.1");
    pair(client, target, open);
    client.on("data", (bytes) => target.write(bytes));
    handOn({ from: target, to: client, clock, delayMs: () => delayMs() });
  });
  // It is closed for a while: nobody else may be given it then.
  const port = await listenOnLoopback(server, { port: await freePort() });
  const refuse = (): Promise<void> => {
    for (const socket of open) socket.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return {
    port,
    delay(ms) {
      delayMs = () => ms;
    },
    jitter(maxMs, draw) {
      delayMs = () => maxMs * draw();
    },
    refuse,
    async accept() {
      await listenOnLoopback(server, { port });
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) await refuse();
    },
  };
}

/** The end of one is the end of the other. */
function pair(client: Socket, target: Socket, open: Set<Socket>): void {
  for (const [socket, other] of [
    [client, target],
    [target, client],
  ] as const) {
    open.add(socket);
    socket.setNoDelay(true);
    socket.on("close", () => {
      open.delete(socket);
      other.destroy();
    });
    // Followed by `close`, which says all there is to say.
    socket.on("error", () => socket.destroy());
  }
}

/** Passes bytes on in their order, none before its delay is over. */
function handOn(o: { from: Socket; to: Socket; clock: Clock; delayMs: () => number }): void {
  const { from, to, clock } = o;
  const waiting: { readonly dueMs: number; readonly bytes: Buffer }[] = [];
  let latestMs = 0;
  const flush = (): void => {
    const nowMs = clock.monotonicMs();
    for (let first = waiting[0]; first && first.dueMs <= nowMs; first = waiting[0]) {
      waiting.shift();
      to.write(first.bytes);
    }
    if (waiting.length < waitingMax) from.resume();
    const [next] = waiting;
    if (next) clock.after(next.dueMs - nowMs, flush);
  };
  from.on("data", (bytes) => {
    const nowMs = clock.monotonicMs();
    latestMs = Math.max(latestMs, nowMs + o.delayMs());
    if (waiting.length === 0 && latestMs <= nowMs) {
      to.write(bytes);
      return;
    }
    waiting.push({ dueMs: latestMs, bytes });
    if (waiting.length >= waitingMax) from.pause();
    if (waiting.length === 1) clock.after(latestMs - nowMs, flush);
  });
}
