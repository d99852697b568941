import type { Clock } from "@loadline/kit/clock";
import { createExporter } from "@loadline/kit/exporter";
import type { Metrics } from "@loadline/kit/metrics";
import { type Random, seededRandom } from "@loadline/kit/random";
import { exportRequest, rejectedSpans } from "@loadline/kit/tracing";
import type { Dependencies } from "../../health/dependencies.ts";
import type { Live } from "../../snapshot/snapshot.ts";
import type { TelemetryConfig } from "../config.ts";
import type { EgressDoors } from "../../egress/doors.ts";
import { createHttpSink } from "../export/http-sink.ts";
import { createTraceMetrics } from "./metrics.ts";
import { createTracer, type Tracer } from "./tracer.ts";

export interface TracingDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly egress: EgressDoors;
  readonly live: Live;
  readonly dependencies: Pick<Dependencies, "add">;
  readonly version: string;
}

export interface OpenedTracing {
  /** Undefined when tracing is off. */
  readonly tracer: Tracer | undefined;
  /** Sends what waits, for at most 1 s. */
  close(): Promise<void>;
}

const queueMax = 2048;
const batchMax = 512;
const everyMs = 5000;
const timeoutMs = 10_000;
const backoffMs = [1000, 30_000] as const;
const closeMs = 1000;

/** The tracer and its exporter as the configuration has them; without an endpoint there is none. */
export function openTracing(config: TelemetryConfig, deps: TracingDeps): OpenedTracing {
  const { clock, live } = deps;
  const metrics = createTraceMetrics(deps.metrics);
  const { endpoint, sampleRatio, headers } = config.traces;
  if (endpoint === undefined) return { tracer: undefined, close: () => Promise.resolve() };
  const secrets = Object.entries(headers).flatMap(([name, value]) => [name, value.reveal()]);
  const sink = createHttpSink({
    clock,
    url: new URL(endpoint),
    headers: ["content-type", "application/json", ...secrets],
    rejectedIn: rejectedSpans,
    door: deps.egress.telemetry,
  });
  const resource = { "service.name": config.serviceName, "service.version": deps.version };
  const scope = { name: "loadline.gateway", version: deps.version };
  const exporter = createExporter<string>({
    clock,
    queueMax,
    batchMax,
    everyMs,
    timeoutMs,
    backoffMs,
    send: (batch, signal) => sink.post(exportRequest(resource, scope, batch), signal),
    onSent: metrics.sent,
    onDropped: metrics.dropped,
  });
  metrics.onRender(() => exporter.depth);
  deps.dependencies.add("otlp", false, () => {
    const { state, sinceMs } = exporter.health;
    return { state: state === "down" ? "down" : "ok", sinceMs };
  });
  // The machine's randomness seeds it once: a draw per request has to be cheap.
  const sample = seededRandom(deps.random.below(2 ** 32));
  const tracer = createTracer({
    clock,
    random: deps.random,
    draw: () => sample.unit(),
    sampleRatio,
    metrics,
    push: exporter.push.bind(exporter),
    targetOf: (name) => live.current.targets.get(name),
  });
  return {
    tracer,
    async close() {
      await exporter.close(closeMs);
      sink.close();
    },
  };
}
