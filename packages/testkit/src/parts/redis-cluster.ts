import type { Part, PartsEnvironment } from "./part.ts";
import { redis } from "./redis.ts";

const cli = "/usr/bin/redis-cli";
const banner = /^redis-cli (\d+(?:\.\d+)+)/m;

/** Redis servers and the command that makes a cluster of them; `path` is the server's. */
export const redisCluster: Part = {
  id: "redis-cluster",
  group: "debian",
  get: redis.get,
  async probe(environment) {
    const server = await redis.probe(environment);
    if ("reason" in server) return { id: "redis-cluster", reason: server.reason };
    const reason = await missingCli(environment);
    return reason === undefined
      ? { id: "redis-cluster", version: server.version, path: server.path }
      : { id: "redis-cluster", reason };
  },
};

async function missingCli({ run }: PartsEnvironment): Promise<string | undefined> {
  const said = await run(cli, ["--version"], 10_000);
  if (!said.ok) return said.reason;
  return banner.test(said.text) ? undefined : `${cli} is another program`;
}
