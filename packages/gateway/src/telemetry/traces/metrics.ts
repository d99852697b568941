import type { Metrics } from "@loadline/kit/metrics";
import { queueMetrics } from "../queues.ts";

export interface TraceMetrics {
  sampled(): void;
  sent(spans: number): void;
  /** Spans that were written and never taken. */
  dropped(spans: number): void;
  /** Spans that were not even written. */
  tooMany(spans: number): void;
  /** `depth` is read at each rendering. */
  onRender(depth: () => number): void;
}

/** Series of the tracer; they exist, with 0, when it is off. */
export function createTraceMetrics(metrics: Metrics): TraceMetrics {
  const traces = metrics.counter("loadline_traces_sampled", "Requests whose spans were kept.", {});
  const spans = metrics.counter("loadline_spans_exported", "Spans the collector took.", {});
  const tooMany = metrics.counter(
    "loadline_spans_unwritten",
    "Spans beyond the most that a second may bring.",
    {},
  );
  const queue = queueMetrics(metrics, "spans");
  return {
    sampled: () => traces.add(0),
    sent: (count) => spans.add(0, count),
    tooMany: (count) => tooMany.add(0, count),
    dropped: queue.dropped,
    onRender: queue.watch,
  };
}
