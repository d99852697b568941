import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Clock } from "@loadline/kit/clock";
import { eventually } from "../eventually.ts";
import { freePort } from "../free-port.ts";
import { listenOnLoopback } from "../listen.ts";
import { type RedisProcess, startRedisProcess } from "./server.ts";
import { removeFolder } from "../remove-folder.ts";

/** Three masters with one replica each, on loopback. */
export interface RunningRedisCluster extends AsyncDisposable {
  readonly urls: readonly string[];
  readonly nodes: readonly RedisProcess[];
  /** The master that has the slot of this key now. */
  masterOf(key: string): Promise<RedisProcess>;
  /** Resolves once each slot has a master, and each master a replica that is in step. */
  settled(): Promise<void>;
}

const nodesMax = 6;
const settleMs = 30_000;
/** After this long without an answer the others elect a replica. */
const nodeTimeoutMs = 2000;
const busPortOffset = 10_000;
const portTriesMax = 50;
/** Lowest port that Linux gives to whoever asks for any. */
const handedOutMin = 32_768;
const portsEnd = 65_536;
const run = promisify(execFile);

/** Starts six of `path` (a redis-server) and makes a cluster of them by its redis-cli. */
export async function startRedisCluster(
  path: string,
  o: { clock: Clock },
): Promise<RunningRedisCluster> {
  const { clock } = o;
  const dir = mkdtempSync(join(tmpdir(), "ll-cluster-"));
  const nodes: RedisProcess[] = [];
  const dispose = async (): Promise<void> => {
    for (const node of nodes) await node.kill();
    removeFolder(dir);
  };
  try {
    for (let i = 0; i < nodesMax; i++)
      nodes.push(await startNode(path, join(dir, String(i)), clock));
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    const cli = join(dirname(path), "redis-cli");
    await run(cli, [
      "--cluster",
      "create",
      ...addresses,
      "--cluster-replicas",
      "1",
      "--cluster-yes",
    ]);
    await eventually(clock, () => isSettled(nodes), settleMs);
  } catch (cause) {
    await dispose();
    throw cause;
  }
  return {
    urls: nodes.map(({ port }) => `redis://127.0.0.1:${port}`),
    nodes,
    async masterOf(key) {
      for (const node of nodes) {
        const isMaster = /\brole:master/.test(await node.command("INFO replication"));
        // A read of a slot that is elsewhere is refused with its place.
        if (isMaster && /^[$:*]/.test(await node.command(`EXISTS ${key}`))) return node;
      }
      throw new Error(`no master has the slot of ${key}`);
    },
    settled: () => eventually(clock, () => isSettled(nodes), settleMs),
    [Symbol.asyncDispose]: dispose,
  };
}

async function startNode(path: string, dir: string, clock: Clock): Promise<RedisProcess> {
  mkdirSync(dir);
  const port = await portWithBus();
  const flags = ["--cluster-enabled", "yes", "--cluster-node-timeout", String(nodeTimeoutMs)];
  const list = ["--dir", dir, "--save", "", "--appendonly", "no", ...flags];
  return startRedisProcess(path, { clock, port, list });
}

/** A free port whose bus, the nodes' own talk so much above it, is free too. */
async function portWithBus(): Promise<number> {
  for (let left = portTriesMax; ; left--) {
    const port = await freePort();
    const bus = port + busPortOffset;
    // At first one that no system gives to a connection, so that it is free after a restart too.
    const isWanted = bus < (left > portTriesMax / 2 ? handedOutMin : portsEnd);
    if (left === 0 || (isWanted && (await isFree(bus)))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await listenOnLoopback(server, { port });
    return true;
  } catch {
    return false;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

/** All slots served, three masters with one replica each whose link is up. */
async function isSettled(nodes: readonly RedisProcess[]): Promise<boolean> {
  let inStep = 0;
  for (const node of nodes) {
    if (!/cluster_state:ok/.test(await node.command("CLUSTER INFO"))) return false;
    if (/master_link_status:up/.test(await node.command("INFO replication"))) inStep++;
  }
  return inStep >= nodesMax / 2;
}
