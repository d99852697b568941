import type { StackProbe } from "./probe.ts";
import { redisBasics } from "./probes/redis.ts";
import { redisSettings } from "./probes/redis-settings.ts";
import { versionProbe } from "./probes/version.ts";

const redisOld = { when: "INFO", reply: "#redis_version:1.2.3" };

/** Every check of every kind, in the order it runs; the only registry. */
export const stackProbes: readonly StackProbe[] = [
  ...redisBasics,
  versionProbe("redis", "login", [redisOld]),
  ...redisSettings,
];
