import { slopeInterval } from "@loadline/contract";
import type { Recorder } from "../evidence/recorder.ts";
import { growthStream, type ObserveSpec } from "../load/index.ts";
import type { ObservedSeries } from "./observe.ts";

const by = "load.memory";
const bytesPerMib = 1024 * 1024;
const msPerHour = 3_600_000;
/** The first part of a window fills caches and pools; growth is asked of what follows. */
const settleShare = 0.1;
const gapShareMax = 0.05;
/** One-sided 95 %, as the claim says. */
const z = 1.645;

/** How many series a source has. */
function seriesOf(spec: ObserveSpec): number {
  if ("process" in spec) return 1;
  return "cgroup" in spec ? 2 : spec.series.length;
}

/**
 * Records the slope of each declared memory series as a value with its interval; with too few
 * samples or too many gaps the claim stays not tested, and says why.
 */
export function recordGrowth(
  specs: readonly ObserveSpec[],
  observed: readonly ObservedSeries[],
  recorder: Recorder,
): void {
  let first = 0;
  for (const [at, spec] of specs.entries()) {
    const series = observed[first];
    first += seriesOf(spec);
    if (spec.growthMibPerHourMax === undefined || series === undefined) continue;
    const shared = { by, claims: [`target.memory_growth.${at + 1}`] };
    const stream = growthStream(at);
    if ((series.restarts ?? 0) > 0) {
      const sentence = `The process was started again ${series.restarts} times meanwhile: what it had gained went with it, so its memory tells no slope.`;
      recorder.append({ ...shared, kind: "skip", data: { reason: "not_run", sentence } });
      continue;
    }
    const settled = series.samples.slice(Math.floor(series.samples.length * settleShare));
    const known = settled.flatMap(([ms, value]): [number, number][] =>
      value === null ? [] : [[ms, value]],
    );
    const gaps = settled.length - known.length;
    const slope = gaps > settled.length * gapShareMax ? null : slopeInterval(known, z);
    if (slope === null) {
      const why = series.gap === undefined ? "" : ` (${series.gap})`;
      const sentence = `${known.length} samples and ${gaps} gaps${why} tell no slope; at least 60 s without gaps do.`;
      recorder.append({ ...shared, kind: "skip", data: { reason: "not_run", sentence } });
      continue;
    }
    const mibPerHour = (perMs: number): number => (perMs * msPerHour) / bytesPerMib;
    const [lower, upper] = [mibPerHour(slope.lower), mibPerHour(slope.upper)];
    const figures = { medianMibPerHour: mibPerHour(slope.median), samples: slope.n };
    const data = { stream, part: "all", lower, upper, resolution: 0, ...figures };
    recorder.append({ ...shared, kind: "value", data });
    recorder.append({ ...shared, kind: "sample.closed", data: { stream, part: "all" } });
  }
}
