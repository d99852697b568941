import { createServer, type Server, type Socket } from "node:net";
import type { Clock } from "@loadline/kit/clock";
import { freePort } from "../free-port.ts";
import { listenOnLoopback } from "../listen.ts";
import { type Behaviour, behaviours } from "./behaviours.ts";
import { play } from "./play.ts";

/** One request this upstream saw. */
export interface Seen {
  /** Monotonic ms of the whole request. */
  readonly atMs: number;
  readonly text: string;
  /** Monotonic ms at which its connection closed; -1 while open. */
  closedMs: number;
}

export interface FaultUpstreamOptions {
  readonly clock: Clock;
  /** Begins every word of its content, so a client can tell whose answer it got. */
  readonly letter: string;
  /** 0 takes any free port; absent: one that stays free while it is closed. */
  readonly port?: number;
}

export interface FaultUpstream extends AsyncDisposable {
  readonly port: number;
  /** Base URL, with `/v1`. */
  readonly baseUrl: string;
  readonly seen: readonly Seen[];
  /**
   * From now on, or for that many requests; resolves when the port is open or closed as the
   * behaviour says.
   */
  behave(behaviour: Behaviour, times?: number): Promise<void>;
  /** Resets every connection, and refuses new ones until the next `behave`. */
  kill(): Promise<void>;
  /** Forgets what was seen. */
  forget(): void;
}

const connectionsMax = 4096;

/** Listens on loopback; honest until told otherwise. */
export async function startFaultUpstream(o: FaultUpstreamOptions): Promise<FaultUpstream> {
  const sockets = new Set<Socket>();
  let seen: Seen[] = [];
  let behaviour: Behaviour = behaviours.good;
  let timesLeft = Number.POSITIVE_INFINITY;
  let server: Server | undefined;
  let port = o.port ?? (await freePort());

  const answer = (socket: Socket, request: string): Seen => {
    const one = { atMs: o.clock.monotonicMs(), text: request, closedMs: -1 };
    seen.push(one);
    const now = timesLeft-- > 0 ? behaviour : behaviours.good;
    play({ ...o, socket, request, behaviour: now });
    return one;
  };

  const serve = (socket: Socket): void => {
    if (behaviour.connect === "rst") {
      socket.resetAndDestroy();
      return;
    }
    let text = "";
    const own: Seen[] = [];
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.setEncoding("utf8");
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      for (const one of own) one.closedMs = o.clock.monotonicMs();
    });
    socket.on("data", (chunk: string) => {
      text += chunk;
      for (let next = wholeRequest(text); next !== undefined; next = wholeRequest(text)) {
        text = text.slice(next.length);
        own.push(answer(socket, next));
      }
    });
  };

  const listen = async (): Promise<void> => {
    if (server) return;
    const next = Object.assign(createServer(serve), { maxConnections: connectionsMax });
    port = await listenOnLoopback(next, { port });
    server = next;
  };

  const close = async (): Promise<void> => {
    const closing = server;
    server = undefined;
    await cut(closing, sockets);
  };

  await listen();
  return {
    port,
    baseUrl: `http://127.0.0.1:${port}/v1`,
    get seen() {
      return seen;
    },
    async behave(next, times) {
      behaviour = next;
      timesLeft = times ?? Number.POSITIVE_INFINITY;
      await (next.connect === "refuse" ? close() : listen());
    },
    kill: close,
    forget: () => void (seen = []),
    [Symbol.asyncDispose]: close,
  };
}

/** Resets every connection, and resolves when the port is closed. */
async function cut(server: Server | undefined, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.resetAndDestroy();
  if (server) await new Promise((resolve) => server.close(resolve));
}

/** The first whole request of what was read; undefined while bytes are missing. */
function wholeRequest(text: string): string | undefined {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return undefined;
  const length = Number(/content-length: *(\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
  const end = head + 4 + length;
  // Requests of the fault table are ASCII: characters are bytes.
  return text.length < end ? undefined : text.slice(0, end);
}
