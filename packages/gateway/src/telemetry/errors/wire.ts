import type { Clock } from "@loadline/kit/clock";
import { createExporter } from "@loadline/kit/exporter";
import type { LeveledLogger } from "@loadline/kit/logger";
import type { Metrics } from "@loadline/kit/metrics";
import type { Random } from "@loadline/kit/random";
import type { Dependencies } from "../../health/dependencies.ts";
import type { TelemetryConfig } from "../config.ts";
import type { EgressDoors } from "../../egress/doors.ts";
import { createHttpSink } from "../export/http-sink.ts";
import { queueMetrics } from "../queues.ts";
import { errorEnvelope, readDsn } from "./event.ts";
import { gatewayErrors } from "../../errors.ts";

export interface ErrorSinkDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Pick<LeveledLogger, "onError">;
  readonly metrics: Metrics;
  readonly egress: EgressDoors;
  readonly dependencies: Pick<Dependencies, "add">;
  readonly version: string;
  readonly environment: string;
}

const queueMax = 256;
const everyMs = 100;
const timeoutMs = 10_000;
const backoffMs = [1000, 30_000] as const;
const closeMs = 1000;
const idBytes = 16;
const perSecondMax = 10;

/**
 * Sends errors that are logged to a Sentry-compatible address, at most 10 a second; without one it
 * does nothing. Resolves when what waits was sent, at most 1 s after the call. LL_CONFIG_INVALID.
 */
export function openErrorSink(config: TelemetryConfig, deps: ErrorSinkDeps): () => Promise<void> {
  const { clock, random, version, environment } = deps;
  const queue = queueMetrics(deps.metrics, "errors");
  const { dsn } = config.errors;
  if (dsn === undefined) return () => Promise.resolve();
  const address = readDsn(dsn.reveal());
  if (!address) throw gatewayErrors.make("LL_CONFIG_INVALID", "telemetry.errors.dsn: not a DSN.");
  const client = `loadline/${version}`;
  const key = `Sentry sentry_version=7, sentry_client=${client}, sentry_key=${address.publicKey}`;
  const sink = createHttpSink({
    clock,
    url: address.url,
    headers: ["content-type", "application/x-sentry-envelope", "x-sentry-auth", key],
    rejectedIn: () => 0,
    door: deps.egress.telemetry,
  });
  const exporter = createExporter<string>({
    clock,
    queueMax,
    // An envelope holds one event.
    batchMax: 1,
    everyMs,
    timeoutMs,
    backoffMs,
    send: (batch, signal) => sink.post(batch.join(""), signal),
    onDropped: queue.dropped,
  });
  queue.watch(() => exporter.depth);
  deps.dependencies.add("errors", false, () => {
    const { state, sinceMs } = exporter.health;
    return { state: state === "down" ? "down" : "ok", sinceMs };
  });
  let secondFromMs = Number.NEGATIVE_INFINITY;
  let inSecond = 0;
  deps.logger.onError((event, fields) => {
    const nowMs = clock.monotonicMs();
    if (nowMs - secondFromMs >= 1000) {
      secondFromMs = nowMs;
      inSecond = 0;
    }
    if (++inSecond > perSecondMax) {
      queue.dropped(1);
      return;
    }
    const id = Buffer.from(random.bytes(idBytes)).toString("hex");
    const facts = { id, wallMs: clock.wallMs(), service: config.serviceName, version, environment };
    exporter.push(errorEnvelope(event, fields, facts));
  });
  return async () => {
    await exporter.close(closeMs);
    sink.close();
  };
}
