import { systemClock } from "@loadline/kit/clock";
import type { RedisStoreConfig } from "../../../packages/gateway/src/redis/config.ts";
import { connectRedis, type RedisConnection } from "../../../packages/gateway/src/redis/connect.ts";

/**
 * Opens links to the store given as JSON and closes them while they connect, and a second after they
 * did, when a cluster is asked for its slots. Ends by itself when nothing of them is left.
 */
const to = JSON.parse(process.argv[2] ?? "null") as RedisStoreConfig;
const clock = systemClock();
const links = 40;
const refreshMs = 1000;

function open(onReady: () => void): RedisConnection {
  return connectRedis({ to, clock, onReady, onFault: () => undefined });
}

// What is opened before the driver is there is not connected when it is closed at once.
await import("ioredis");
for (let n = 0; n < links; n++) {
  const early = open(() => undefined);
  clock.after(n, () => early.close());
  let isReady = false;
  const late = open(() => {
    if (!isReady) clock.after(refreshMs, () => late.close());
    isReady = true;
  });
}
