import type { Clock } from "@loadline/kit/clock";
import type { LeveledLogger, Logger } from "@loadline/kit/logger";
import type { Metrics } from "@loadline/kit/metrics";
import type { Random } from "@loadline/kit/random";
import type { EgressDoors } from "../egress/doors.ts";
import type { Dependencies } from "../health/dependencies.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { MetricNames } from "../snapshot/names.ts";
import type { Live } from "../snapshot/snapshot.ts";
import type { TelemetryConfig } from "./config.ts";
import { openErrorSink } from "./errors/wire.ts";
import { watchLoop } from "./loop-delay.ts";
import { renderProcess } from "./process.ts";
import { createTelemetry, type GatewayTelemetry } from "./telemetry.ts";
import type { Tracer } from "./traces/tracer.ts";
import { openTracing } from "./traces/wire.ts";

export interface TelemetryDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: LeveledLogger;
  readonly metrics: Metrics;
  readonly egress: EgressDoors;
  readonly names: MetricNames;
  readonly live: Live;
  readonly dependencies: Pick<Dependencies, "add">;
  readonly version: string;
  /** The `env` of the configuration. */
  readonly environment: string;
  /** Bounds of the request duration, seconds, rising. */
  readonly durationBounds?: readonly number[];
  /** Ends what watches the event loop. */
  readonly signal?: AbortSignal | undefined;
}

/** Everything that tells the outside what the gateway does. */
export interface OpenedTelemetry {
  readonly telemetry: GatewayTelemetry;
  /** What the exit stages report to. */
  readonly exits: {
    readonly telemetry: GatewayTelemetry;
    readonly logger: Logger;
    readonly tracer: Tracer | undefined;
    readonly isOverloaded: () => boolean;
    readonly nowMs: () => number;
  };
  /** Measures this pipeline from now on. */
  attach(pipeline: Pick<Pipeline, "inFlight">): void;
  /** Sends what waits, for at most 1 s. */
  close(): Promise<void>;
}

export function openTelemetry(config: TelemetryConfig, deps: TelemetryDeps): OpenedTelemetry {
  const { clock, logger, names, live } = deps;
  const telemetry = createTelemetry(names, deps.metrics, deps.durationBounds);
  const tracing = openTracing(config, deps);
  const closeErrors = openErrorSink(config, deps);
  const { tracer } = tracing;
  const loop = watchLoop(clock, deps.metrics, {
    signal: deps.signal,
    lateForMs: config.overloadAfter,
  });
  const isOverloaded = (): boolean => loop.isOverloaded;
  return {
    telemetry,
    exits: { telemetry, logger, tracer, isOverloaded, nowMs: () => clock.monotonicMs() },
    attach: (pipeline) => renderProcess(telemetry, { names, live, pipeline, clock }),
    async close() {
      await Promise.all([tracing.close(), closeErrors()]);
    },
  };
}
