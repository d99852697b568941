import { askVersion } from "./banner.ts";
import type { Part } from "./part.ts";
import { redis } from "./redis.ts";

const cli = {
  command: "/usr/bin/redis-cli",
  args: ["--version"],
  timeoutMs: 10_000,
  banner: /^redis-cli (\d+(?:\.\d+)+)/m,
};

/** Redis servers and the command that makes a cluster of them; `path` is the server's. */
export const redisCluster: Part = {
  id: "redis-cluster",
  group: "debian",
  get: redis.get,
  async probe(environment) {
    const server = await redis.probe(environment);
    if ("reason" in server) return { id: "redis-cluster", reason: server.reason };
    const answer = await askVersion(environment.run, cli);
    return { ...("reason" in answer ? answer : server), id: "redis-cluster" };
  },
};
