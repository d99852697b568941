import type { Metrics } from "@loadline/kit/metrics";

const classes = ["provider", "store", "telemetry"] as const;
type ConnectionClass = (typeof classes)[number];
const outcomes = ["opened", "failed"] as const;
/** One object: whoever defines the family with it gets the same one. */
const labels = { class: classes, outcome: outcomes };

/** Counts the connections of one class; the drivers of SQL and Redis open their own, uncounted. */
export function egressMetrics(metrics: Metrics, of: ConnectionClass): (isOpen: boolean) => void {
  const connections = metrics.counter(
    "loadline_egress_connections",
    "Connections to models, object stores, collectors of traces and errors.",
    labels,
  );
  const first = classes.indexOf(of) * outcomes.length;
  return (isOpen) => connections.add(first + (isOpen ? 0 : 1));
}
