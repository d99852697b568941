import type { Metrics } from "@loadline/kit/metrics";

export interface TraceMetrics {
  sampled(): void;
  sent(spans: number): void;
  dropped(spans: number, why: DropReason): void;
  /** `depth` is read at each rendering. */
  onRender(depth: () => number): void;
}

const reasons = ["queue", "rate"] as const;
type DropReason = (typeof reasons)[number];

/** Series of the tracer; they exist, with 0, when it is off. */
export function createTraceMetrics(metrics: Metrics): TraceMetrics {
  const traces = metrics.counter("loadline_traces_sampled", "Requests whose spans were kept.", {});
  const spans = metrics.counter("loadline_spans_exported", "Spans the collector took.", {});
  const lost = metrics.counter("loadline_spans_dropped", "Spans lost: queue full, or too many.", {
    reason: reasons,
  });
  const depth = metrics.gauge("loadline_spans_waiting", "Spans not yet exported.", {});
  return {
    sampled: () => traces.add(0),
    sent: (count) => spans.add(0, count),
    dropped: (count, why) => lost.add(reasons.indexOf(why), count),
    onRender: (read) => metrics.onRender(() => depth.set(0, read())),
  };
}
