import type { Metrics } from "@loadline/kit/metrics";

export const objectCalls = ["put", "get", "remove", "list"] as const;
export type ObjectCall = (typeof objectCalls)[number];

export const objectOutcomes = [
  "ok",
  "skipped",
  "unreachable",
  "busy",
  "refused",
  "full",
  "damaged",
] as const;
export type ObjectOutcome = (typeof objectOutcomes)[number];

/** Counts calls of the object store; `skipped` were refused because it was known to be away. */
export function objectMetrics(metrics: Metrics): (call: ObjectCall, end: ObjectOutcome) => void {
  const calls = metrics.counter(
    "loadline_object_calls",
    "Calls of the object store by their end.",
    {
      call: objectCalls,
      outcome: objectOutcomes,
    },
  );
  return (call, end) =>
    calls.add(calls.slot([objectCalls.indexOf(call), objectOutcomes.indexOf(end)]));
}
