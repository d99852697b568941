import type { Metrics } from "@loadline/kit/metrics";
import type { DestinationClass } from "./config.ts";

const classes: readonly DestinationClass[] = ["provider", "store", "telemetry"];
const outcomes = ["opened", "failed"] as const;
const reasons = ["address", "redirect", "size"] as const;
/** One object of each: whoever defines the family with it gets the same one. */
const connectionLabels = { class: classes, outcome: outcomes };
const refusalLabels = { class: classes, reason: reasons };

/** Why a connection or an answer is refused. */
export type RefusalReason = (typeof reasons)[number];

export interface EgressMetrics {
  connection(isOpen: boolean): void;
  refused(reason: RefusalReason): void;
}

/** Counts of one class; the drivers of SQL and Redis open their own connections, uncounted. */
export function egressMetrics(metrics: Metrics, of: DestinationClass): EgressMetrics {
  const connections = metrics.counter(
    "loadline_egress_connections",
    "Connections to models, object stores, collectors of traces and errors.",
    connectionLabels,
  );
  const refusals = metrics.counter(
    "loadline_egress_refusals",
    "Connections refused for their address, answers refused as redirects or for their size.",
    refusalLabels,
  );
  const at = classes.indexOf(of);
  return {
    connection: (isOpen) => connections.add(at * outcomes.length + (isOpen ? 0 : 1)),
    refused: (reason) => refusals.add(at * reasons.length + reasons.indexOf(reason)),
  };
}
