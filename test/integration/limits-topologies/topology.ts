import type { Clock } from "@loadline/kit/clock";
import type { RedisStoreConfig } from "../../../packages/gateway/src/redis/config.ts";
import {
  startRedis,
  startRedisCluster,
  startRedisSentinel,
} from "../../../packages/testkit/src/redis/index.ts";

/** A way to run the store that replicas share. */
export interface Topology extends AsyncDisposable {
  /** `stores.redis` of the configuration. */
  readonly store: Exclude<RedisStoreConfig, { reveal(): string }>;
  /** Forgets everything. */
  flush(): Promise<void>;
  /** Kills the server that has this key; undefined where nobody takes its place. */
  killMasterOf?(key: string): Promise<void>;
  /** Freezes the server that has this key, for ever. */
  freezeMasterOf?(key: string): Promise<void>;
}

interface Started {
  readonly part: string;
  readonly start: (path: string, clock: Clock) => Promise<Topology>;
}

export const topologies: Readonly<Record<"valkey" | "sentinel" | "cluster", Started>> = {
  valkey: { part: "valkey", start: startValkey },
  sentinel: { part: "redis-sentinel", start: startSentinel },
  cluster: { part: "redis-cluster", start: startCluster },
};

async function startValkey(path: string, clock: Clock): Promise<Topology> {
  const server = await startRedis(path, { clock });
  return {
    store: server.url,
    flush: async () => void (await server.command("FLUSHALL")),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function startSentinel(path: string, clock: Clock): Promise<Topology> {
  const watched = await startRedisSentinel(path, { clock });
  return {
    store: { sentinels: [...watched.sentinelUrls], master: watched.name, tls: false, database: 0 },
    flush: async () => void (await (await watched.master()).command("FLUSHALL")),
    killMasterOf: async () => (await watched.master()).kill(),
    freezeMasterOf: async () => (await watched.master()).freeze(),
    [Symbol.asyncDispose]: () => watched[Symbol.asyncDispose](),
  };
}

async function startCluster(path: string, clock: Clock): Promise<Topology> {
  const cluster = await startRedisCluster(path, { clock });
  return {
    store: { cluster: cluster.urls.slice(0, 2) },
    // A replica refuses it.
    flush: async () =>
      void (await Promise.all(cluster.nodes.map((node) => node.command("FLUSHALL")))),
    killMasterOf: async (key) => (await cluster.masterOf(key)).kill(),
    freezeMasterOf: async (key) => (await cluster.masterOf(key)).freeze(),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}
