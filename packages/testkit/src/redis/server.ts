import type { ChildProcess } from "node:child_process";
import { connect } from "node:net";
import type { Clock } from "@loadline/kit/clock";
import { endChild } from "../end-child.ts";
import { eventually } from "../eventually.ts";
import { spawnHeld } from "../spawn-held.ts";

/** One process that speaks Redis' protocol on a port of loopback. */
export interface RedisProcess {
  readonly port: number;
  /** Sends one inline command and resolves to its answer as sent; empty when there is none. */
  command(line: string): Promise<string>;
  /** SIGSTOP: connections stay open and nothing answers. */
  freeze(): void;
  thaw(): void;
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>;
  /** Starts it again as it was started. */
  restart(): Promise<void>;
}

const startMs = 30_000;
const answerMs = 1000;

/** Starts `path` with `list` behind its port and address, and waits until it answers a PING. */
export async function startRedisProcess(
  path: string,
  o: { clock: Clock; port: number; list: readonly string[]; before?: readonly string[] },
): Promise<RedisProcess> {
  const { port } = o;
  const list = [...(o.before ?? []), "--port", String(port), "--bind", "127.0.0.1", ...o.list];
  const run = (): ChildProcess => spawnHeld(path, list, { stdio: "ignore" });
  const isThere = async (): Promise<boolean> => (await askRedis(port, "PING")) === "+PONG\r\n";
  let child = run();
  const kill = (): Promise<void> => endChild(child);
  try {
    await eventually(o.clock, isThere, startMs);
  } catch (cause) {
    await kill();
    throw cause;
  }
  return {
    port,
    command: (line) => askRedis(port, line),
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    kill,
    async restart() {
      await kill();
      child = run();
      await eventually(o.clock, isThere, startMs);
    },
  };
}

/** Answer to an inline command on a connection of its own; empty when there is none. */
function askRedis(port: number, line: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(`${line}\r\n`));
    socket.setTimeout(answerMs, () => socket.destroy());
    socket.once("data", (bytes) => {
      resolve(bytes.toString("latin1"));
      socket.destroy();
    });
    socket.once("error", () => resolve(""));
    socket.once("close", () => resolve(""));
  });
}
