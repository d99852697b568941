import type { Clock } from "@loadline/kit/clock";
import { Secret } from "../config/values.ts";
import type { RedisStoreConfig } from "../redis/config.ts";
import { connectRedis } from "../redis/connect.ts";
import { type PartFinding, partMsMax, placeOf, wordsOf } from "./finding.ts";

/** Redis, the master that Sentinels name, or every master of a cluster: that it answers a PING. */
export async function examineRedis(
  to: RedisStoreConfig,
  clock: Clock,
): Promise<readonly PartFinding[]> {
  const part = { id: "redis", required: false };
  const where = placesOf(to);
  const ready = Promise.withResolvers<void>();
  const late = Promise.withResolvers<never>();
  let last = `no answer within ${partMsMax} ms`;
  const connection = connectRedis({
    to,
    clock,
    onReady: () => ready.resolve(),
    onFault: (text) => void (last = text),
  });
  const timer = clock.after(partMsMax, () => late.reject(new Error(last)));
  try {
    await Promise.race([ready.promise, late.promise]);
    const asked = connection.isCluster ? connection.pingAll() : connection.call("PING", []);
    await Promise.race([asked, late.promise]);
    return [{ ...part, found: true, detail: `${where} answers PING` }];
  } catch (cause) {
    return [{ ...part, found: false, detail: `${where}: ${wordsOf(cause)}` }];
  } finally {
    timer.cancel();
    connection.close();
  }
}

const nodeAt = (url: string): string => placeOf(url, "6379");

function placesOf(to: RedisStoreConfig): string {
  if (typeof to === "string") return nodeAt(to);
  if (to instanceof Secret) return nodeAt(to.reveal());
  if ("cluster" in to) return `a cluster by ${to.cluster.map(nodeAt).join(", ")}`;
  return `master ${to.master} by ${to.sentinels.map(nodeAt).join(", ")}`;
}
