import type { Part } from "./part.ts";
import { redis } from "./redis.ts";

/** A Redis server that watches others: the same program as the store's, told `--sentinel`. */
export const redisSentinel: Part = {
  id: "redis-sentinel",
  group: "debian",
  get: redis.get,
  async probe(environment) {
    const server = await redis.probe(environment);
    return { ...server, id: "redis-sentinel" };
  },
};
