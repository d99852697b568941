import cluster from "node:cluster";
import { connect, type Socket } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { eventually, removeFolder } from "@loadline/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { temporaryDir } from "../../test/harness.ts";
import { type Gateway, loadConfig, openGateway } from "../index.ts";

const clock = systemClock();
const waitMs = 30_000;
const workers = 2;
let stateDir = "";
let gateway: Gateway;
let port = 0;
/** The log so far. */
let text = "";
const sockets: Socket[] = [];

beforeEach(async () => {
  stateDir = temporaryDir();
  const settings = {
    stateDir,
    workers,
    listen: { port: 0 },
    http: { distribution: "round-robin", connectionsMax: 1 },
    drain: { accept: 0, grace: 0 },
    telemetry: { overloadAfter: 0 },
    targets: { s: { provider: "simulator" } },
    routes: { sim: { models: ["sim"], groups: [{ targets: ["s"] }] } },
  };
  const config = loadConfig(undefined, {}, settings);
  text = "";
  const log = (lines: string): void => void (text += lines);
  gateway = await openGateway(config, { clock, random: systemRandom(), log });
  port = Number(new URL((await gateway.start()).url).port);
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await gateway.close({ graceMs: 0 });
  removeFolder(stateDir);
});

/** A connection that stays open, and what it brought so far. */
function open(): { readonly socket: Socket; text(): string } {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  let text = "";
  socket.on("data", (chunk) => void (text += chunk.toString("latin1")));
  socket.on("error", () => undefined);
  socket.write("GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n");
  return { socket, text: () => text };
}

const pids = (): number[] =>
  Object.values(cluster.workers ?? {}).map((worker) => worker?.process.pid ?? -1);

it("a connection that every worker has no room for is closed", async () => {
  const served = Array.from({ length: workers }, open);
  for (const { text } of served)
    await eventually(clock, () => text().startsWith("HTTP/1.1 200"), waitMs);
  const more = open();
  await eventually(clock, () => more.socket.closed, waitMs);
  expect(more.text()).toBe("");
  expect(served.map(({ socket }) => socket.closed)).toEqual([false, false]);
});

it("a worker whose process fails is replaced, and its supervisor goes on", async () => {
  const before = pids();
  const [worker] = Object.values(cluster.workers ?? {});
  worker?.process.emit("error", new Error("write EPIPE"));
  const isReplaced = (): boolean => pids().length === workers && !pids().includes(before[0] ?? -1);
  await eventually(clock, isReplaced, waitMs);
  const again = open();
  await eventually(clock, () => again.text().startsWith("HTTP/1.1 200"), waitMs);
});

it("a connection that a worker was being handed when it was killed is closed, or goes to another", async () => {
  const stopped = pids();
  for (const pid of stopped) process.kill(pid, "SIGSTOP");
  const given = Array.from({ length: workers }, open);
  for (const { socket } of given) await eventually(clock, () => !socket.connecting, waitMs);
  // Their supervisor, this process, accepts in the same turn or the next.
  await new Promise(setImmediate);
  for (const pid of stopped) process.kill(pid, "SIGKILL");
  for (const { socket, text } of given)
    await eventually(clock, () => socket.closed || text() !== "", waitMs);
});

it("a worker for which the system makes no process is tried again, and the others serve", async () => {
  const [victim = -1, other = -1] = pids();
  const name = "LONGER_THAN_A_PROCESS_MAY_BE_GIVEN";
  process.env[name] = "x".repeat(1024 * 1024);
  try {
    process.kill(victim, "SIGKILL");
    await eventually(clock, () => text.includes("E2BIG"), waitMs);
  } finally {
    delete process.env[name];
  }
  await eventually(clock, () => text.split('"event":"worker"').length === workers + 2, waitMs);
  expect(pids()).toContain(other);
});
