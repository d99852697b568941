import type { Metrics } from "@loadline/kit/metrics";
import type { StreamState } from "./machine.ts";

/** Where an exchange stood when its client left. */
export const abortWindows = ["first_byte", "mid_stream", "last_delta", "failover"] as const;

export type AbortWindow = (typeof abortWindows)[number];

/** What streams leave in the metrics. */
export interface StreamMetrics {
  /** A body of unknown length was opened (+1) or ended (-1). */
  onOpen(by: 1 | -1): void;
  /** The client left, and `ms` later every upstream call of the exchange was ended. */
  onAbort(window: AbortWindow, ms: number): void;
  /** A cut stream went on at another target. */
  onResume(): void;
}

const abortBounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

export function createStreamMetrics(metrics: Metrics): StreamMetrics {
  const open = metrics.gauge("loadline_streams_open", "Answers under way that pass at once.", {});
  const abort = metrics.histogram(
    "loadline_abort_seconds",
    "From a client's leaving to the end of its upstream calls.",
    { window: abortWindows },
    abortBounds,
  );
  const resumes = metrics.counter("loadline_stream_resumes", "Cut streams that went on.", {});
  return {
    onOpen: (by) => open.add(0, by),
    onAbort: (window, ms) => abort.observe(abortWindows.indexOf(window), ms / 1000),
    onResume: () => resumes.add(0),
  };
}

/** The window an exchange is in: how its last attempt stands, and whether it is the first. */
export function abortWindow(
  attempt: { readonly state: StreamState } | undefined,
  started: number,
): AbortWindow {
  if (!attempt || (started > 1 && attempt.state === "attempt")) return "failover";
  if (attempt.state === "attempt") return "first_byte";
  return attempt.state === "finish" ? "last_delta" : "mid_stream";
}
