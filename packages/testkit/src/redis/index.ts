import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import { eventually } from "../eventually.ts";

/** A Redis server of our own on loopback, in an empty folder of its own. */
export interface RunningRedis extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Sends one inline command and resolves to its answer as sent. */
  command(line: string): Promise<string>;
  /** SIGSTOP: connections stay open and nothing answers. */
  freeze(): void;
  thaw(): void;
  /** SIGKILL: everything it held is lost unless `keep` was asked for. */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  restart(): Promise<void>;
}

const startMs = 10_000;

/**
 * Starts `path` (a redis-server) and waits until it answers a PING. With `keep` every write is
 * synced to its file, so that a killed server comes back with what it had.
 */
export async function startRedis(
  path: string,
  o: { clock: Clock; keep?: boolean },
): Promise<RunningRedis> {
  const dir = mkdtempSync(join(tmpdir(), "ll-redis-"));
  const port = await freePort();
  const file = o.keep ? ["--appendonly", "yes", "--appendfsync", "always"] : ["--appendonly", "no"];
  const list = ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, "--save", "", ...file];
  let child = run(path, list);
  const ready = async (): Promise<void> =>
    eventually(o.clock, async () => (await ask(port, "PING")) === "+PONG\r\n", startMs);
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  };
  await ready();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    command: (line) => ask(port, line),
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    kill,
    async restart() {
      await kill();
      child = run(path, list);
      await ready();
    },
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function run(path: string, list: readonly string[]): ChildProcess {
  return spawn(path, [...list], { stdio: "ignore" });
}

/** Answer to a command on a connection of its own; empty when there is none. */
function ask(port: number, line: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(`${line}\r\n`));
    socket.setTimeout(1000, () => socket.destroy());
    socket.once("data", (bytes) => {
      resolve(bytes.toString("latin1"));
      socket.destroy();
    });
    socket.once("error", () => resolve(""));
    socket.once("close", () => resolve(""));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
