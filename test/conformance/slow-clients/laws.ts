import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { systemClock } from "@loadline/kit/clock";
import { eventually, serveOnLoopback } from "@loadline/testkit";
import type { Controls } from "../../../packages/gateway/src/controls.ts";
import {
  overUpstreams,
  type Running,
  runGateway,
  temporaryDir,
} from "../../../packages/gateway/test/harness.ts";
import type { TlsFolder } from "../../../packages/gateway/test/tls.ts";
import { openTls } from "../smuggling/world.ts";

export type FrontName = "http1" | "node";
/** What a gateway with these controls breaks of one promise, in sentences; `tls`: over TLS. */
export type SlowLaw = (
  front: FrontName,
  controls?: Partial<Controls>,
  tls?: TlsFolder,
) => Promise<string[]>;

export const clock = systemClock();
const headMs = 600;
const requestMs = 900;
const stalledMs = 700;
/** Node's server looks once in a second at most; busy machines come late to everything. */
export const slackMs = 20_000;
/** A front that was made to forget its deadlines is not waited for as long. */
const sabotagedSlackMs = 4000;
const dripMs = 40;
const connections = 120;
const growthBytesMax = 64 * 1024 * 1024;

/**
 * What somebody still holds, in and beside V8's heap: its resident size is also what nobody has
 * collected yet.
 */
function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect !== "function") throw new TypeError("nothing collects");
  // What the first one finds dead is freed by the second.
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
/** The kernel's buffers on both ends, and what the documents let wait. */
const upstreamBytesMax = 24 * 1024 * 1024;
const aheadBytes = 24 * 1024 * 1024;
const aheadWaitMs = 5000;

/** A connection of a client that may be slow. */
export class Peer {
  readonly socket: Socket;
  text = "";
  isClosed = false;
  readonly #isOpen: Promise<unknown>;

  constructor(g: Running, tls?: TlsFolder) {
    const port = Number(new URL(g.url).port);
    this.socket = tls ? openTls(port, tls) : connect({ port, host: "127.0.0.1", noDelay: true });
    this.#isOpen = once(this.socket, tls ? "secureConnect" : "connect");
    // Only who reads nothing waits for it, and is told of a fault there.
    this.#isOpen.catch(() => undefined);
    this.socket.setEncoding("latin1");
    this.socket.on("data", (chunk: string) => void (this.text += chunk));
    this.socket.on("error", () => this.socket.destroy());
    this.socket.on("close", () => {
      this.isClosed = true;
    });
  }

  /** Reads nothing from now on; a handshake is over before. */
  async stopReading(): Promise<void> {
    await this.#isOpen;
    this.socket.pause();
  }

  /** Sends one byte after the other, for as long as the connection lives. */
  drip(text: string): void {
    if (this.isClosed || text === "") return;
    this.socket.write(text.slice(0, 1));
    clock.after(dripMs, () => this.drip(text.slice(1)));
  }
}

const filler = "x".repeat(4000);
const chat = (more: object = {}): string =>
  JSON.stringify({ model: "m", messages: [{ role: "user", content: filler }], ...more });

/** Head of a chat's POST with this framing line. */
export function headOf(g: Running, line: string): string {
  return (
    `POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${g.key}\r\n` +
    `Content-Type: application/json\r\n${line}\r\n\r\n`
  );
}

const whole = (g: Running, more?: object): string => {
  const body = chat(more);
  return headOf(g, `Content-Length: ${body.length}`) + body;
};

function settings(front: FrontName, baseUrl: string, tls?: TlsFolder): Record<string, unknown> {
  return {
    ...overUpstreams(baseUrl),
    ...(tls && { tls: tls.section() }),
    http: { front, head: headMs, request: requestMs },
    stream: { clientStalled: stalledMs, waitingBytesMax: 65_536 },
  };
}

/** An upstream that streams for as long as somebody takes it, or holds its answers back. */
async function startUpstream(how: "endless" | "silent") {
  const seen = { sentBytes: 0, open: 0 };
  const event = `data: ${JSON.stringify({
    id: "x",
    object: "chat.completion.chunk",
    created: 1,
    model: "big",
    choices: [{ index: 0, delta: { content: "y".repeat(16_000) } }],
  })}\n\n`;
  const server = createServer((request, response) => {
    seen.open++;
    response.on("close", () => void seen.open--);
    request.resume();
    if (how === "silent") return;
    response.writeHead(200, { "content-type": "text/event-stream" });
    const more = (): void => {
      while (!response.destroyed && seen.sentBytes < 20 * upstreamBytesMax) {
        seen.sentBytes += event.length;
        if (!response.write(event)) break;
      }
    };
    response.on("drain", more);
    more();
  });
  const serving = await serveOnLoopback(server);
  return { ...serving, baseUrl: `${serving.url}/v1`, seen };
}

const count = (peers: readonly Peer[], holds: (peer: Peer) => boolean): number =>
  peers.filter((peer) => holds(peer)).length;

/** Waits for `holds`; false when it did not come in time. */
export async function within(holds: () => boolean, ms: number): Promise<boolean> {
  return eventually(clock, holds, ms).then(
    () => true,
    () => false,
  );
}

const slackOf = (controls: Partial<Controls>): number =>
  controls.front === undefined ? slackMs : sabotagedSlackMs;

/** Connections that say nothing, and those that drip their head, end at the head's deadline. */
export const slowHeadsEnd: SlowLaw = async (front, controls = {}, tls) => {
  await using upstream = await startUpstream("silent");
  await using g = await runGateway(
    settings(front, upstream.baseUrl, tls),
    temporaryDir(),
    controls,
  );
  const before = heldBytes();
  const peers = Array.from({ length: connections }, () => new Peer(g, tls));
  for (const [i, peer] of peers.entries()) if (i % 2 === 0) peer.drip(whole(g));
  const broken: string[] = [];
  const other = new Peer(g, tls);
  other.socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  if (!(await within(() => other.text.startsWith("HTTP/1.1 200 "), slackOf(controls))))
    broken.push("nobody else was served");
  await within(() => count(peers, (peer) => !peer.isClosed) === 0, headMs + slackOf(controls));
  const open = count(peers, (peer) => !peer.isClosed);
  if (open > 0) broken.push(`${open} connections outlived the head's deadline`);
  if (heldBytes() - before > growthBytesMax) broken.push("memory grew without bound");
  for (const peer of peers) peer.socket.destroy();
  return broken;
};

/** Bodies that drip, of either framing, are 408 at the request's deadline, and closed. */
export const slowBodiesEnd: SlowLaw = async (front, controls = {}, tls) => {
  await using upstream = await startUpstream("silent");
  await using g = await runGateway(
    settings(front, upstream.baseUrl, tls),
    temporaryDir(),
    controls,
  );
  const body = chat();
  const before = heldBytes();
  const peers = Array.from({ length: connections / 2 }, () => new Peer(g, tls));
  for (const [i, peer] of peers.entries()) {
    const isChunked = i % 2 === 0;
    peer.socket.write(
      isChunked
        ? `${headOf(g, "Transfer-Encoding: chunked")}${body.length.toString(16)}\r\n`
        : headOf(g, `Content-Length: ${body.length}`),
    );
    peer.drip(body);
  }
  await within(() => count(peers, (peer) => !peer.isClosed) === 0, requestMs + slackOf(controls));
  const broken: string[] = [];
  const open = count(peers, (peer) => !peer.isClosed);
  if (open > 0) broken.push(`${open} connections outlived the request's deadline`);
  const told = count(peers, (peer) => peer.text.startsWith("HTTP/1.1 408 "));
  if (open === 0 && told < peers.length) broken.push(`${peers.length - told} were not told 408`);
  if (upstream.seen.open > 0) broken.push("an upstream was asked");
  if (heldBytes() - before > growthBytesMax) broken.push("memory grew without bound");
  for (const peer of peers) peer.socket.destroy();
  return broken;
};

/** Who takes nothing of a stream stops the upstream, and is disconnected at its deadline. */
export const slowReaderEnds: SlowLaw = async (front, controls = {}, tls) => {
  await using upstream = await startUpstream("endless");
  await using g = await runGateway(
    settings(front, upstream.baseUrl, tls),
    temporaryDir(),
    controls,
  );
  const peer = new Peer(g, tls);
  await peer.stopReading();
  peer.socket.write(whole(g, { stream: true }));
  const began = await within(() => upstream.seen.open === 1, slackMs);
  const ended = await within(() => upstream.seen.open === 0, stalledMs + slackMs);
  const broken: string[] = [];
  if (!began) broken.push("the upstream was not asked");
  else if (!ended) broken.push("the upstream's call outlived the client's deadline");
  if (upstream.seen.sentBytes > upstreamBytesMax)
    broken.push(`${upstream.seen.sentBytes} bytes were taken for a client that takes none`);
  peer.socket.destroy();
  return broken;
};

/** What a client sends ahead of its answer waits in its own socket. */
export const aheadWaits: SlowLaw = async (front, controls = {}, tls) => {
  await using upstream = await startUpstream("silent");
  await using g = await runGateway(
    settings(front, upstream.baseUrl, tls),
    temporaryDir(),
    controls,
  );
  const peer = new Peer(g, tls);
  const one = whole(g);
  const some = one.repeat(64);
  let taken = 0;
  // Some requests go out when the kernel has taken those before.
  const send = (): void => {
    if (taken >= aheadBytes || peer.socket.destroyed) return;
    peer.socket.write(some, "latin1", (error) => {
      if (error) return;
      taken += some.length;
      send();
    });
  };
  send();
  const began = await within(() => upstream.seen.open === 1, slackOf(controls));
  await within(() => taken >= aheadBytes / 2 || peer.isClosed, aheadWaitMs);
  const broken: string[] = [];
  if (taken >= aheadBytes / 2) broken.push(`${taken} bytes were taken ahead of the answer`);
  if (!began) broken.push("the upstream was not asked");
  if (upstream.seen.open > 1) broken.push(`${upstream.seen.open} requests ran at a time`);
  peer.socket.destroy();
  return broken;
};
