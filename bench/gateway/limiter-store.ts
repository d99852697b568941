/** The store in which replicas share their limits. It stands on its parent's core, not the gateway's. */
import { systemClock } from "@loadline/kit/clock";
import { type RunningRedis, startRedis } from "@loadline/testkit";
import { requireParts } from "../../packages/testkit/src/parts/require-parts.ts";

/** Starts a Redis of our own; undefined, and said so, where there is none. */
export async function startLimiterStore(): Promise<RunningRedis | undefined> {
  const parts = await requireParts(["redis"]);
  const { path } = parts.missing ? {} : parts.found("redis");
  return path === undefined ? undefined : startRedis(path, { clock: systemClock() });
}
