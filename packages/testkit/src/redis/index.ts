import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import { freePort } from "../free-port.ts";
import { type RedisProcess, startRedisProcess } from "./server.ts";
import { removeFolder } from "../remove-folder.ts";

export { type RunningRedisCluster, startRedisCluster } from "./cluster.ts";
export { type RunningSentinel, startRedisSentinel } from "./sentinel.ts";

/** A Redis server of our own on loopback, in an empty folder of its own. */
export interface RunningRedis extends RedisProcess, AsyncDisposable {
  readonly url: string;
}

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
  const list = ["--dir", dir, "--save", "", ...file];
  const server = await startRedisProcess(path, { clock: o.clock, port, list });
  return {
    ...server,
    url: `redis://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await server.kill();
      removeFolder(dir);
    },
  };
}
