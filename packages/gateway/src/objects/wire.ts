import { join } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { Metrics } from "@loadline/kit/metrics";
import type { Random } from "@loadline/kit/random";
import { codeOf } from "@loadline/kit/errors";
import type { EgressDoors } from "../egress/doors.ts";
import type { Dependencies } from "../health/dependencies.ts";
import type { ObjectsConfig } from "./config.ts";
import { createFileStore } from "./file-store.ts";
import { objectMetrics } from "./metrics.ts";
import type { ObjectStore } from "./object-store.ts";
import { createS3Store } from "./s3/s3-store.ts";
import { type WatchedStore, watchStore } from "./watched-store.ts";

export interface ObjectsDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly egress: EgressDoors;
  readonly dependencies: Pick<Dependencies, "add">;
  readonly stateDir: string;
  /** Largest object that is read, in bytes. */
  readonly bytesMax: number;
  /** Ends the store. */
  readonly signal: AbortSignal;
}

export interface ObjectStoresConfig {
  readonly objects: ObjectsConfig;
  readonly objectsTimeout: number;
}

/** The object store of the configuration, shown in /health and /metrics; undefined for none. */
export function openObjects(
  stores: ObjectStoresConfig,
  deps: ObjectsDeps,
): WatchedStore | undefined {
  const onCall = objectMetrics(deps.metrics);
  const { objects, objectsTimeout: timeoutMs } = stores;
  if (objects === null) return undefined;
  const { clock, logger } = deps;
  const watched = watchStore(storeOf(objects, deps), {
    clock,
    timeoutMs,
    onCall,
    onChange({ state, code }, detail) {
      if (state === "ok") logger.info("object store", { state });
      else logger.warn("object store", { state, code: code ?? "", detail });
    },
  });
  deps.signal.addEventListener("abort", () => watched.close(), { once: true });
  deps.dependencies.add("objects", false, () => watched.health);
  return watched;
}

function storeOf(objects: NonNullable<ObjectsConfig>, deps: ObjectsDeps): ObjectStore {
  const { clock, random, logger, stateDir, bytesMax } = deps;
  if (typeof objects === "string") {
    const path = objects.slice("file:".length);
    return createFileStore(path === "" ? join(stateDir, "objects") : path, {
      clock,
      random,
      onSwept({ removed, failed, cause }) {
        const fields = { removed, failed };
        if (cause === undefined) logger.info("object store swept", fields);
        else logger.warn("object store swept", { ...fields, detail: codeOf(cause, "unknown") });
      },
      onSecond: (cause) =>
        logger.warn("object store clean-up", { detail: codeOf(cause, "unknown") }),
    });
  }
  const { bucket, region } = objects;
  return createS3Store({
    endpoint: new URL(objects.endpoint),
    bucket,
    region,
    accessKey: objects.accessKey.reveal(),
    secretKey: objects.secretKey.reveal(),
    clock,
    bytesMax,
    door: deps.egress.store,
  });
}
