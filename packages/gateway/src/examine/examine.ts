import type { GatewayConfig } from "../config/schema.ts";
import { examineApi } from "./api.ts";
import type { PartFinding } from "./finding.ts";
import { examineRedis } from "./redis.ts";
import { examineSql } from "./sql.ts";
import { type ExamineDeps, examineTargets } from "./targets.ts";

/**
 * Asks every part of a configuration whether it is there, from outside of any gateway: what listens
 * at its address, the SQL store and its schema, Redis, each target. Nothing is written. All are
 * asked at once, each for at most 2 s; SQL for as long as a start would wait for its answer.
 */
export async function examineParts(
  config: GatewayConfig,
  deps: ExamineDeps,
): Promise<readonly PartFinding[]> {
  const { redis } = config.stores;
  const found = await Promise.all([
    examineApi(config, deps.clock),
    examineSql(config, deps.clock),
    redis === null ? [] : examineRedis(redis, deps.clock),
    examineTargets(config, deps),
  ]);
  return found.flat();
}
