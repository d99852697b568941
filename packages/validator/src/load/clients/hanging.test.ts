import { createServer as createHttp2Server } from "node:http2";
import { createServer } from "node:net";
import { systemClock, TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { serveOnLoopback } from "../../../../testkit/src/listen.ts";
import { eventually } from "../../../../testkit/src/eventually.ts";
import { type Flight, timeoutOutcomes } from "../engine/flight.ts";
import { guardViews } from "../engine/guard-views.ts";
import { failsAnyway } from "../guards/guard.ts";
import { judgeGuards } from "../guards/index.ts";
import { Recorder } from "../record/recorder.ts";
import type { LoadTimeouts } from "../types.ts";
import { createContext, dueNow, type RecordingContext } from "./context.fixture.ts";
import { createHttpClient } from "./http.ts";
import { Http2Sender } from "./http2.ts";
import { McpClient } from "./mcp/mcp-client.ts";
import { Links } from "./websocket/links.ts";
import { startTalk } from "./websocket/links.fixture.ts";
import { Rooms } from "./websocket/rooms.ts";

const connectMs = 5_000;
const answerMs = 30_000;
const place = { vu: 0, path: "/talk" };
const wanted = { fits: () => true, withinMs: 1_000, isFresh: false };
const tool = { q: "x" };
const idleHost = { cpuP90: 0.2, loopMeanMs: 0.1, loopP99Ms: 0.5, loopMaxMs: 4, pressurePercent: 3 };

/** One server, how to know that it was asked, and what it leaves unanswered. */
interface Target extends AsyncDisposable {
  readonly url: string;
  readonly heard: () => boolean;
}

/** Takes connections and bytes, and says nothing. */
async function startMute(): Promise<Target> {
  let bytes = 0;
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => void (bytes += chunk.length));
  });
  return { ...(await serveOnLoopback(server)), heard: () => bytes > 0 };
}

/** Speaks HTTP/2, and leaves every request unanswered. */
async function startMuteHttp2(): Promise<Target> {
  let streams = 0;
  const server = createHttp2Server();
  server.on("stream", (stream) => {
    stream.on("error", () => stream.destroy());
    streams++;
  });
  return { ...(await serveOnLoopback(server)), heard: () => streams > 0 };
}

/** Opens every WebSocket, and lets nobody into a room. */
async function startDoor(): Promise<Target> {
  const talk = await startTalk();
  return { ...talk, heard: () => talk.heard.length > 0 };
}

type Call = (context: RecordingContext) => void;

const nobody = (): void => undefined;
const plain: Call = (context) => {
  const client = createHttpClient({ kind: "http", method: "GET", path: "/" }, context.base);
  context.send({ ...dueNow(), client, answered: nobody });
};
const http2: Call = (context) => {
  const client = createHttpClient({ kind: "http", method: "GET", path: "/" }, context.base);
  new Http2Sender(context).send({ ...dueNow(), client, answered: nobody });
};
const mcp: Call = (context) =>
  new McpClient({ version: "2025-11-25" }, context).call("search", tool, dueNow(), nobody);
const mcpWithoutSession: Call = (context) =>
  new McpClient({ version: "2026-07-28" }, context).call("search", tool, dueNow(), nobody);
const linkAsked: Call = (context) =>
  new Links(context).ask(place, dueNow(), { ...wanted, text: "one" }, nobody);
const linkHeard: Call = (context) => new Links(context).receive(place, dueNow(), wanted, nobody);
const linkOpenedTwice: Call = (context) => {
  const links = new Links(context);
  links.connect(place, dueNow(), nobody);
  links.connect(place, dueNow(), nobody);
};
const room: Call = (context) => new Rooms({ path: "/ws" }, context).say(0, dueNow(), nobody);
const roomCalled: Call = (context) => new Rooms({ path: "/ws" }, context).call(0, dueNow(), nobody);

/** What the guards of an idle generator see of a claim on what ended. */
function seenOf(ended: RecordingContext["ended"]) {
  const request = { kind: "http", method: "GET", path: "/" } as const;
  const recorder = new Recorder({
    target: { baseUrl: "http://127.0.0.1:1" },
    seed: 7,
    scenarios: { s: { executor: "constant-vus", vus: 1, durationMs: 120_000, request } },
    limits: [
      {
        scenario: "s",
        claim: "c",
        stream: "load.c",
        part: "all",
        metric: "errors",
        quantile: 0.95,
      },
    ],
  });
  recorder.begin(0);
  for (const [flight, outcome] of ended) {
    recorder.due(0, flight);
    recorder.ended(flight, outcome);
  }
  return guardViews(recorder, idleHost, false);
}

function expectFailed(context: RecordingContext, timeoutMs: number): void {
  expect(context.ended).toHaveLength(context.opened());
  const told = context.ended.map(([flight]: readonly [Flight, string]) => flight.timeoutMs);
  expect(told).toEqual(told.map(() => timeoutMs));
  for (const [, outcome] of context.ended) expect(timeoutOutcomes).toContain(outcome);
  const views = seenOf(context.ended);
  const voiding = judgeGuards(views).filter((one) => !one.holds && one.invalidates !== "pass");
  expect(voiding).toEqual([]);
  const view = views[0]?.view;
  expect(view).toMatchObject({ over: 0 });
  expect(view === undefined ? null : failsAnyway(view)).toBe(true);
}

interface Hang {
  readonly start: () => Promise<Target>;
  readonly call: Call;
  readonly timeouts?: Partial<LoadTimeouts>;
  /** Default true; false: nothing was read yet, this thread did not turn. */
  readonly isHeard?: boolean;
}

async function expectFailedAfter(ms: number, o: Hang): Promise<void> {
  const { start, call, timeouts = {}, isHeard = true } = o;
  const clock = new TestClock();
  await using target = await start();
  await using context = createContext(target.url, clock);
  call({ ...context, plan: { ...context.plan, timeouts } });
  if (isHeard) await eventually(systemClock(), target.heard, 10_000);
  clock.advance(ms + 200);
  context.sweep();
  expectFailed(context, ms);
}

describe("a target that hangs fails the claim of an idle generator", () => {
  it.each<[string, () => Promise<Target>, Call]>([
    ["HTTP/1.1", startMute, plain],
    ["HTTP/2", startMuteHttp2, http2],
    ["HTTP/2 of a server that never speaks", startMute, http2],
    ["MCP, its initialize", startMute, mcp],
    ["MCP without sessions", startMute, mcpWithoutSession],
    ["a WebSocket's upgrade, by a question", startMute, linkAsked],
    ["a WebSocket's upgrade, by who listens", startMute, linkHeard],
    ["a WebSocket's upgrade, for two at once", startMute, linkOpenedTwice],
    ["a room's upgrade", startMute, room],
    ["a room's join, by who speaks", startDoor, room],
    ["a room's join, by who calls", startDoor, roomCalled],
  ])("%s: by the time of an answer", async (_, start, call) => {
    await expectFailedAfter(answerMs, { start, call });
  });

  it.each<[string, () => Promise<Target>, Call]>([
    ["HTTP/2", startMuteHttp2, http2],
    ["HTTP/2 of a server that never speaks", startMute, http2],
    ["a WebSocket's upgrade", startMute, linkAsked],
    ["a room's upgrade", startMute, room],
  ])("%s: by the time that the plan gives an answer", async (_, start, call) => {
    const timeouts = { connectMs: 700, firstByteMs: 900 };
    await expectFailedAfter(900, { start, call, timeouts });
  });

  it.each<[string, Call]>([
    ["HTTP/2", http2],
    ["a WebSocket", linkAsked],
    ["a room", room],
  ])("%s: by the time that the plan gives a connection", async (_, call) => {
    const timeouts = { connectMs: 700 };
    await expectFailedAfter(700, { start: startMute, call, timeouts, isHeard: false });
  });

  it.each<[string, Call]>([
    ["HTTP/1.1", plain],
    ["HTTP/2", http2],
    ["MCP, its initialize", mcp],
    ["a WebSocket, by a question", linkAsked],
    ["a WebSocket, for two at once", linkOpenedTwice],
    ["a room", room],
  ])("%s: by the time of a connection", async (_, call) => {
    await expectFailedAfter(connectMs, { start: startMute, call, isHeard: false });
  });
});
