import type { Histogram } from "@loadline/kit/histogram";
import type { ScenarioRecord } from "./scenario-record.ts";

/** The latencies of a scenario that are kept whole, by their metric; of good, measured answers. */
export function latenciesOf({ series }: ScenarioRecord): readonly (readonly [string, Histogram])[] {
  return [
    ["response_time", series.response],
    ["service_time", series.service],
    ["ttft", series.ttft],
    ["pacer_lag", series.lag],
    ["queue_wait", series.queueWait],
    ["cold", series.cold],
  ];
}
