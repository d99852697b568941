import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import { eventually } from "../eventually.ts";
import { freePort } from "../free-port.ts";
import { type RedisProcess, startRedisProcess } from "./server.ts";
import { removeFolder } from "../remove-folder.ts";

/** A master with a replica, and three Sentinels that watch them, on loopback. */
export interface RunningSentinel extends AsyncDisposable {
  readonly sentinelUrls: readonly string[];
  /** Name under which the Sentinels know the master. */
  readonly name: string;
  /** The server that the Sentinels call the master now. */
  master(): Promise<RedisProcess>;
}

const name = "loadline";
const sentinelsMax = 3;
const settleMs = 30_000;
const downAfterMs = 1000;

/** Starts a master, its replica and three Sentinels, all of `path` (a redis-server). */
export async function startRedisSentinel(
  path: string,
  o: { clock: Clock },
): Promise<RunningSentinel> {
  const { clock } = o;
  const dir = mkdtempSync(join(tmpdir(), "ll-sentinel-"));
  const servers: RedisProcess[] = [];
  const sentinels: RedisProcess[] = [];
  const dispose = async (): Promise<void> => {
    for (const one of [...sentinels, ...servers]) await one.kill();
    removeFolder(dir);
  };
  const start = async (list: readonly string[], before?: readonly string[]) =>
    startRedisProcess(path, {
      clock,
      port: await freePort(),
      list,
      ...(before && { before }),
    });
  try {
    const own = ["--dir", dir, "--save", "", "--appendonly", "no"];
    const first = await start([...own, "--dbfilename", "one.rdb"]);
    servers.push(first);
    const follow = ["--replicaof", "127.0.0.1", String(first.port)];
    servers.push(await start([...own, "--dbfilename", "two.rdb", ...follow]));
    await eventually(clock, async () => isInStep(servers), settleMs);
    for (let i = 0; i < sentinelsMax; i++) {
      const file = join(dir, `sentinel-${i}.conf`);
      writeFileSync(file, sentinelConfig(first.port));
      sentinels.push(await start(["--sentinel"], [file]));
    }
    await eventually(clock, async () => doAllKnow(sentinels), settleMs);
  } catch (cause) {
    await dispose();
    throw cause;
  }
  return {
    sentinelUrls: sentinels.map(({ port }) => `redis://127.0.0.1:${port}`),
    name,
    async master() {
      const said = await sentinels[0]?.command(`SENTINEL GET-MASTER-ADDR-BY-NAME ${name}`);
      const port = Number(/\r\n(\d+)\r\n$/.exec(said ?? "")?.[1]);
      const found = servers.find((server) => server.port === port);
      if (!found) throw new Error(`the Sentinels name no master: ${said}`);
      return found;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

function sentinelConfig(masterPort: number): string {
  return [
    `sentinel monitor ${name} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
    `sentinel failover-timeout ${name} 5000`,
    "",
  ].join("\n");
}

async function isInStep(servers: readonly RedisProcess[]): Promise<boolean> {
  const said = await Promise.all(servers.map((server) => server.command("INFO replication")));
  return said.some((text) => text.includes("master_link_status:up"));
}

/** Each Sentinel knows the replica and both others: without them none can be elected. */
async function doAllKnow(sentinels: readonly RedisProcess[]): Promise<boolean> {
  const said = await Promise.all(sentinels.map((one) => one.command("INFO sentinel")));
  return said.every((text) => text.includes(`slaves=1,sentinels=${sentinelsMax}`));
}
