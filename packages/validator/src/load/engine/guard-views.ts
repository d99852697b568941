import { type GuardView, standExplains, standStarves } from "../guards/guard.ts";
import type { LimitCounter } from "../record/limits.ts";
import { isOpenScenario } from "../schedule/hash.ts";
import { blockOf } from "../schedule/mix.ts";
import type { Recorder } from "../record/recorder.ts";
import type { ScenarioRecord } from "../record/scenario-record.ts";
import type { HostFigures } from "./host.ts";

/** What the guards see, one view per limit. */
export function guardViews(
  recorder: Recorder,
  host: HostFigures,
  edited: boolean,
): { stream: string; view: GuardView }[] {
  return recorder.scenarios.flatMap((record) =>
    record.limits.map((counter) => ({
      stream: counter.limit.stream,
      view: viewOf(record, counter, { host, edited, recorder }),
    })),
  );
}

function viewOf(
  record: ScenarioRecord,
  counter: LimitCounter,
  of: { host: HostFigures; edited: boolean; recorder: Recorder },
): GuardView {
  const { host, recorder } = of;
  const { limit } = counter;
  // Ended by our own clock: a loop that stood may have done it, like any value over a limit. Of a
  // timeout of unknown length nobody can say that no stand did it.
  const stood = standExplains(host.loopMaxMs, counter.shortestTimeoutMs);
  const late = stood ? counter.timedOut : counter.untoldTimeouts;
  const { series } = record;
  return {
    metric: limit.metric,
    ...(limit.figure !== undefined && { figure: limit.figure }),
    figures: limit.figures === true,
    // The limit of what is compared only keeps its values.
    limitMs: limit.compares === true || limit.interleaved === true ? null : (limit.limitMs ?? null),
    interleaved: limit.interleaved === true,
    target: limit.quantile ?? 0.99,
    open: isOpenScenario(record.scenario),
    n: counter.n,
    bad: counter.bad,
    // Where values are compared each of them may have been moved.
    over: limit.compares === true ? counter.n : counter.over + late,
    hardBad: counter.hardBad - late,
    timedOut: counter.timedOut - late,
    unserved: recorder.isHere && standStarves(host.loopMaxMs) ? counter.unserved : 0,
    undefined: counter.undefined,
    missingMetric: counter.missingMetric,
    due: record.due,
    // Of a run that goes on: what is under way is not lost.
    sent: record.sent + record.inFlight,
    dropped: record.bad.get("dropped"),
    serviceMedianMs: series.service.quantileUs(0.5) / 1000,
    lagP99Ms: series.lag.quantileUs(0.99) / 1000,
    loopMeanMs: host.loopMeanMs,
    loopP99Ms: host.loopP99Ms,
    loopMaxMs: host.loopMaxMs,
    shortestTimeoutMs: counter.shortestTimeoutMs,
    cpuP90: host.cpuP90,
    pressurePercent: host.pressurePercent,
    localFaults: recorder.localFaults,
    folded: recorder.figures.folded + record.folded,
    // What a step, a phase or a wait took is in its scenario's response time: they overflow together.
    overflow: series.response.overflow + series.service.overflow + series.ttft.overflow,
    edited: of.edited,
    mixOffPoints: mixOff(record),
    streams: series.streams,
    bufferedStreams: series.bufferedStreams,
  };
}

/**
 * By the first step of each part, which an iteration of it begins with; one of documents is any one
 * of its steps. A mix is exact to one block: within it a part may come first or last.
 */
function mixOff({ scenario, steps }: ScenarioRecord): number {
  if (scenario.exec?.kind !== "mix") return 0;
  const { parts } = scenario.exec;
  const weights = parts.reduce((sum, { weight }) => sum + weight, 0);
  let first = 0;
  const firsts = parts.map((part) => {
    const from = first;
    first += part.steps?.length ?? 1;
    const begin = steps.slice(from, part.exec?.kind === "rag" ? first : from + 1);
    return begin.reduce((sum, step) => sum + step.due, 0);
  });
  const total = firsts.reduce((sum, due) => sum + due, 0);
  if (total === 0) return 0;
  const block = blockOf(parts.map(({ weight }) => weight));
  const length = block.reduce((sum, count) => sum + count, 0);
  const off = parts.map(({ weight }, at) => {
    const count = block[at] ?? 0;
    const within = count * (1 - count / length);
    return Math.max(0, Math.abs((firsts[at] ?? 0) - (total * weight) / weights) - within);
  });
  return (100 * Math.max(...off)) / total;
}
