import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { systemClock } from "@loadline/kit/clock";
import { eventually, listenOnLoopback } from "@loadline/testkit";
import type { Controls } from "../../../packages/gateway/src/controls.ts";
import { completion, endJson } from "../../../packages/gateway/test/answers.ts";
import {
  overUpstreams,
  type Running,
  runGateway,
  temporaryDir,
} from "../../../packages/gateway/test/harness.ts";
import type { TlsFolder } from "../../../packages/gateway/test/tls.ts";

/** A port of this machine, or whatever else opens a connection. */
export type Door = number | (() => Socket);

export interface World extends AsyncDisposable {
  readonly gateway: Running;
  readonly port: number;
  /** The way to the gateway, encrypted where its listener is. */
  readonly door: Door;
  readonly key: string;
  /** Contents of the chats that reached the upstream. */
  readonly hits: string[];
  /** Times that a request came as far as authentication. */
  authenticated(): number;
  /** Of those, the ones that bear no mark of a proxy. */
  unmarked(): number;
  /** How long a connection that must be closed is waited for. */
  readonly patienceMs: number;
}

const clock = systemClock();
/** Busy machines come late to everything. */
const patienceMs = 20_000;
/** Until what stays open is taken for granted: nothing hangs on it but how long a suite takes. */
export const impatienceMs = 4000;
/** The header that the proxies set on every request they know of. */
export const proxyMark = "x-via-proxy";

/** A gateway behind one front, over an upstream that repeats what it was asked. */
export async function startWorld(
  front: "http1" | "node",
  controls: Partial<Controls> = {},
  tls?: TlsFolder,
): Promise<World> {
  const hits: string[] = [];
  const upstream = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => void (text += chunk.toString("latin1")));
    request.on("end", () => {
      const content = /"content":"([^"]*)"/.exec(text)?.[1] ?? text;
      hits.push(content);
      // Repeats what it was asked, so that answers can be told apart.
      endJson(response, 200, completion(`re:${content}`));
    });
  });
  const upstreamPort = await listenOnLoopback(upstream);
  let authenticated = 0;
  let unmarked = 0;
  const counting: Partial<Controls> = {
    ...controls,
    stages: (table) =>
      table.map((stage) =>
        stage.id === "authenticate"
          ? {
              ...stage,
              run(x) {
                authenticated++;
                if (!x.client.headers.some((text) => text.toLowerCase() === proxyMark)) unmarked++;
                return stage.run?.(x);
              },
            }
          : stage,
      ),
  };
  const settings = {
    ...overUpstreams(`http://127.0.0.1:${upstreamPort}/v1`),
    http: { front, head: "1s", request: "1s" },
    ...(tls && { tls: tls.section() }),
  };
  const gateway = await runGateway(settings, temporaryDir(), counting);
  const port = Number(new URL(gateway.url).port);
  return {
    gateway,
    port,
    door: tls ? () => openTls(port, tls) : port,
    key: gateway.key,
    hits,
    authenticated: () => authenticated,
    unmarked: () => unmarked,
    patienceMs: controls.front === undefined ? patienceMs : impatienceMs,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      upstream.closeAllConnections();
      await new Promise((resolve) => upstream.close(resolve));
    },
  };
}

/** An encrypted connection to a gateway that serves with what is in the folder. */
export function openTls(port: number, tls: TlsFolder): Socket {
  const ca = tls.servers.cert;
  return connectTls({ host: "127.0.0.1", port, servername: "localhost", ca });
}

export interface Talk {
  readonly text: string;
  readonly statuses: readonly number[];
  /** Contents that the upstream repeated to this client. */
  readonly contents: readonly string[];
  /** The other side ended the connection in time. */
  readonly isClosed: boolean;
}

/** Sends these bytes and waits until the connection is closed, or `rests` says that it may stay. */
export async function talk(
  door: Door,
  bytes: string,
  rests: (text: string) => boolean = () => false,
  deadlineMs = patienceMs,
): Promise<Talk> {
  let text = "";
  let isClosed = false;
  const socket =
    typeof door === "number" ? connect({ port: door, host: "127.0.0.1", noDelay: true }) : door();
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => void (text += chunk));
  socket.on("close", () => void (isClosed = true));
  socket.on("error", () => socket.destroy());
  socket.write(bytes, "latin1");
  const isOver = (): boolean => isClosed || rests(text);
  // Staying open is a finding, not a fault of the test.
  await eventually(clock, isOver, deadlineMs).catch(() => undefined);
  const ended = isClosed;
  socket.destroy();
  return {
    text,
    statuses: [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1])),
    contents: [...text.matchAll(/"content":"re:([^"]*)"/g)].map((match) => match[1] ?? ""),
    isClosed: ended,
  };
}
