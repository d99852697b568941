import { guardRows, judgeGuards } from "../guards/index.ts";
import { type ExportTimes, hdrLog, hdrSliceLog, openMetrics } from "../record/exports.ts";
import { ladderResult } from "../record/ladder-result.ts";
import { nativeHistograms } from "../record/native-histograms.ts";
import type { Recorder } from "../record/recorder.ts";
import { mergeSamples } from "../record/samples.ts";
import type { ScenarioRecord } from "../record/scenario-record.ts";
import type { LoadMetric, LoadRecord, SampleTerms } from "../types.ts";
import type { RunEnd } from "./control.ts";
import { guardViews } from "./guard-views.ts";
import { worstHost } from "./host.ts";
import type { PeakResult } from "./peak-search.ts";

export interface ReportOptions extends RunEnd, ExportTimes {
  readonly nowMs: number;
  readonly peaks: ReadonlyMap<number, PeakResult>;
  readonly emit: (record: LoadRecord) => void;
}

/** Metrics that count from the intended time; outcomes have no clock and count as such. */
const intendedMetrics: ReadonlySet<LoadMetric> = new Set<LoadMetric>([
  "response_time",
  "pacer_lag",
  "ttft_open",
  "e2e_open",
  "errors",
  "good",
  "retry_after",
]);

/** Everything a run says at its end, from the whole of its counts. */
export function reportRun(whole: Recorder, o: ReportOptions): void {
  const { emit, nowMs } = o;
  for (const record of whole.scenarios) emitLastSlices(record, o);
  const accounts = whole.accounts();
  const done = o.ends.flatMap((end) => (end.kind === "done" ? [end] : []));
  whole.figures.folded = done.reduce((sum, { folded }) => sum + folded, 0);
  const host = worstHost(done.map((end) => end.host));
  const judged = judgeGuards(guardViews(whole, host, o.edited));
  emit({ type: "frame", frame: { ...whole.frame(nowMs), guards: guardRows(judged) } });
  for (const guard of judged) emit({ type: "guard", guard });
  emit({ type: "host", host, stolen: o.stolen });
  emit({ type: "samples", samples: mergeSamples(done.map(({ samples }) => samples)) });
  for (const [at, record] of whole.scenarios.entries()) {
    emitClaims(record, o);
    emit({ type: "series", series: record.series.whole(), late: record.series.late() });
    emit({ type: "waits", waits: record.series.waits() });
    if (record.blocks !== null) emit({ type: "blocks", ...record.blocks.toRecord(record.name) });
    const steps = record.steps.map((step) => step.toSeries());
    if (steps.length > 0) emit({ type: "steps", scenario: record.name, steps });
    emitSearch(record, o.peaks.get(at), emit);
  }
  emit({
    type: "histograms",
    hdrLog: hdrLog(whole, o),
    sliceLog: hdrSliceLog(whole, o),
    openMetrics: openMetrics(whole),
    native: nativeHistograms(whole),
  });
  for (const figure of whole.figureSeries()) emit({ type: "figure", figure });
  const { reason, stoppedAfterMs } = o;
  const early = stoppedAfterMs === null ? {} : { stoppedAfterMs };
  emit({ type: "load.ended", reason, ...early, accounts });
}

function emitLastSlices({ series, startMs }: ScenarioRecord, o: ReportOptions): void {
  // The last second is cut short: close the slice it lies in.
  for (const slice of series.close(o.nowMs - startMs + series.sliceMs, 0)) {
    if (slice.due > 0 || slice.heat.length > 0) o.emit({ type: "load.slice", slice });
  }
}

/** A sample that was cut off stays open: what it says is not what was asked. */
function emitClaims(record: ScenarioRecord, o: ReportOptions): void {
  for (const counter of record.limits) {
    const { claim, stream, part, metric, scenario, step, looks } = counter.limit;
    const terms: SampleTerms = {
      metric,
      series: step === undefined ? scenario : `${scenario}/${step}`,
      clock: intendedMetrics.has(metric) ? "intended" : "sent",
      over: counter.over,
      lookCount: looks === true ? o.looks : 0,
      scheduleHash: o.scheduleHash,
    };
    const tally = { ...counter.tally(), ...terms };
    o.emit({ type: "sample.tally", claim, tally });
    if (o.reason !== "cancelled") o.emit({ type: "sample.closed", claim, stream, part });
  }
}

function emitSearch(
  record: ScenarioRecord,
  peak: PeakResult | undefined,
  emit: (record: LoadRecord) => void,
): void {
  const { name, scenario, phases } = record;
  if (scenario.executor === "ladder") {
    emit({ type: "ladder", scenario: name, result: ladderResult(scenario, phases) });
  }
  if (peak !== undefined) emit({ type: "peak", scenario: name, result: peak });
}
