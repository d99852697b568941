import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { systemClock } from "@loadline/kit/clock";
import { expect, it } from "vitest";
import { eventually } from "../../packages/testkit/src/index.ts";
import { notTested } from "./machine.ts";
import { isAlive, Serving } from "./workers/serving.ts";

const clock = systemClock();
const testMs = 240_000;
const waitMs = 60_000;
const workers = 3;

const fileOf = (distribution: string, front: string): string => `targets:
  quick: {provider: simulator, tokens: 3, latency: 0, tokensPerSecond: 1e6}
  slow: {provider: simulator, tokens: 160, latency: 0, tokensPerSecond: 20}
routes:
  quick: {models: [quick], groups: [{targets: [quick]}]}
  slow: {models: [slow], groups: [{targets: [slow]}]}
http: {front: ${front}, distribution: ${distribution}}
`;

/** Inodes of the sockets that listen on a port of 127.0.0.1. */
function listeners(port: number): Set<string> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const rows = readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1);
  const columns = rows.map((row) => row.trim().split(/\s+/));
  const found = columns.filter(([, at, , state]) => at?.endsWith(`:${hex}`) && state === "0A");
  return new Set(found.map(([, , , , , , , , , inode]) => `socket:[${inode}]`));
}

/** How many of these sockets each process holds. */
function heldBy(pids: readonly number[], sockets: ReadonlySet<string>): number[] {
  const linkOf = (pid: number, fd: string): string => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return "";
    }
  };
  return pids.map(
    (pid) => readdirSync(`/proc/${pid}/fd`).filter((fd) => sockets.has(linkOf(pid, fd))).length,
  );
}

it("where the system shares a port each worker listens, else their supervisor alone", async () => {
  for (const [distribution, held] of [
    ["system", [0, 1, 1, 1]],
    ["round-robin", [1, 0, 0, 0]],
  ] as const) {
    await using serving = await new Serving().start(fileOf(distribution, "http1"), workers);
    const sockets = listeners(Number(new URL(serving.url).port));
    expect(heldBy([serving.pid, ...serving.workers()], sockets)).toEqual(held);
  }
}, 240_000);

// Both at a time: they mostly wait for streams of 8 s to end.
it.concurrent.each(["http1", "node"])(
  "workers that are handed their connections serve, are replaced, and drain with and without their supervisor, front %s",
  async (front) => {
    await using serving = await new Serving().start(fileOf("round-robin", front), workers);
    const quick = (): Promise<number[]> =>
      Promise.all(Array.from({ length: 12 }, async () => (await serving.chat("quick")).status));
    expect(await quick()).toEqual(Array(12).fill(200));
    const [victim = -1] = serving.workers();
    process.kill(victim, "SIGKILL");
    const isWhole = async (): Promise<boolean> =>
      /"running":3/.test((await serving.ask("/health")).text);
    await eventually(clock, () => !isAlive(victim), waitMs);
    await eventually(clock, isWhole, waitMs);
    expect(await quick()).toEqual(Array(12).fill(200));
    const streams = async (): Promise<() => Promise<string[]>> => {
      let begun = 0;
      const all = Array.from({ length: 6 }, () => {
        let isFirst = true;
        return serving.chat("slow", true, () => {
          if (isFirst) begun++;
          isFirst = false;
        });
      });
      await eventually(clock, () => begun === all.length, waitMs);
      return async () => (await Promise.all(all)).map(({ text }) => text.trimEnd().slice(-6));
    };
    const before = await streams();
    const pids = serving.workers();
    serving.send("SIGKILL");
    expect(await before()).toEqual(Array(6).fill("[DONE]"));
    await eventually(clock, () => pids.every((pid) => !isAlive(pid)), waitMs);
    await serving.ended();
    await serving.restart(workers);
    const last = await streams();
    serving.send("SIGTERM");
    expect(await last()).toEqual(Array(6).fill("[DONE]"));
    expect(await serving.ended()).toBe(0);
  },
  testMs,
);

/** How many descriptors a process may have; needs no privilege below the hard limit. */
function limitFiles(pid: number, most: number): void {
  const set = spawnSync("prlimit", ["--pid", String(pid), `--nofile=${most}:`]);
  expect(set.status, String(set.stderr)).toBe(0);
}

const isLimiting = spawnSync("prlimit", ["--version"]).status === 0;
if (!isLimiting) notTested("a supervisor without descriptors", "no prlimit");

it.runIf(isLimiting).each(["system", "round-robin"])(
  "a supervisor that has no descriptor left for another worker goes on, and starts it later, distribution %s",
  async (distribution) => {
    await using serving = await new Serving().start(fileOf(distribution, "http1"), workers);
    const { pid } = serving;
    const openFiles = readdirSync(`/proc/${pid}/fd`).length;
    const [victim = -1, ...others] = serving.workers();
    limitFiles(pid, openFiles);
    process.kill(victim, "SIGKILL");
    await eventually(clock, () => !serving.isRunning || /EMFILE/.test(serving.err), waitMs);
    limitFiles(pid, openFiles + 1000);
    const isWhole = async (): Promise<boolean> =>
      /"running":3/.test((await serving.ask("/health")).text);
    await eventually(clock, isWhole, waitMs);
    expect([serving.pid, serving.workers().slice(0, 2)]).toEqual([pid, others]);
    expect((await serving.chat("quick")).status).toBe(200);
  },
  testMs,
);
