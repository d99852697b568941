import type { Metrics } from "@loadline/kit/metrics";

/** What a supervisor says of its workers, read at each rendering. */
export interface WorkerFigures {
  /** Workers that ended unasked since the start. */
  readonly restarts: number;
  /** Workers that serve now. */
  readonly serving: number;
}

/** Series that only a gateway in several processes has. */
export function createWorkerMetrics(metrics: Metrics, read: () => WorkerFigures): void {
  const restarts = metrics.counter("loadline_worker_restarts", "Workers replaced.", {});
  const serving = metrics.gauge("loadline_workers", "Workers that serve, where several do.", {});
  metrics.onRender(() => {
    const now = read();
    restarts.add(0, now.restarts - restarts.value(0));
    serving.set(0, now.serving);
  });
}
