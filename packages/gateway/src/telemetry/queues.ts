import type { Metrics } from "@loadline/kit/metrics";

const queueNames = ["audit", "usage", "settles", "spans", "errors", "logs"] as const;
export type QueueName = (typeof queueNames)[number];
/** One object: whoever defines the families with it gets the same ones. */
const labels = { queue: queueNames };

export interface QueueMetrics {
  dropped(count: number): void;
  /** `depth` is read at each rendering. */
  watch(depth: () => number): void;
}

/** The series of one bounded queue; those of the others are there, with 0, too. */
export function queueMetrics(metrics: Metrics, queue: QueueName): QueueMetrics {
  const slot = queueNames.indexOf(queue);
  const waiting = metrics.gauge("loadline_queue_depth", "What waits in a bounded queue.", labels);
  const lost = metrics.counter("loadline_queue_dropped", "What full queues lost.", labels);
  return {
    dropped: (count) => lost.add(slot, count),
    watch: (depth) => metrics.onRender(() => waiting.set(slot, depth())),
  };
}
