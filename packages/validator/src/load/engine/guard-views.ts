import type { GuardView } from "../guards/guard.ts";
import type { LimitCounter } from "../record/limits.ts";
import { isOpenModel } from "../schedule/hash.ts";
import type { Recorder } from "../record/recorder.ts";
import type { ScenarioRecord } from "../record/scenario-record.ts";
import type { HostFigures } from "./host.ts";

/** What the guards see, one view per limit. */
export function guardViews(
  recorder: Recorder,
  host: HostFigures,
  localFaults: number,
): { stream: string; view: GuardView }[] {
  return recorder.scenarios.flatMap((record) =>
    record.limits.map((counter) => ({
      stream: counter.limit.stream,
      view: viewOf(record, counter, host, localFaults),
    })),
  );
}

function viewOf(
  record: ScenarioRecord,
  counter: LimitCounter,
  host: HostFigures,
  localFaults: number,
): GuardView {
  const { limit } = counter;
  const { series } = record;
  return {
    metric: limit.metric,
    limitMs: limit.limitMs ?? null,
    target: limit.quantile ?? 0.99,
    open: isOpenModel(record.scenario),
    n: counter.n,
    bad: counter.bad,
    over: counter.over,
    hardBad: counter.hardBad,
    undefined: counter.undefined,
    missingMetric: counter.missingMetric,
    due: record.due,
    sent: record.sent,
    dropped: record.bad.get("dropped"),
    serviceMedianMs: series.service.quantileUs(0.5) / 1000,
    lagP99Ms: series.lag.quantileUs(0.99) / 1000,
    loopMeanMs: host.loopMeanMs,
    loopP99Ms: host.loopP99Ms,
    cpuP90: host.cpuP90,
    pressurePercent: host.pressurePercent,
    localFaults,
    streams: series.streams,
    bufferedStreams: series.bufferedStreams,
  };
}
