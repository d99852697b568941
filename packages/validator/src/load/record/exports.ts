import { encodeHdr, type Histogram } from "@loadline/kit/histogram";
import { latenciesOf } from "./latencies.ts";
import type { Recorder } from "./recorder.ts";
import { sliceLines } from "./slice-log.ts";

/** Upper edges of the buckets shown to others, in seconds. */
const edgesS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
] as const;

/** What a run's export says of its time. */
export interface ExportTimes {
  /** Wall clock at the start of the run. */
  readonly startWallMs: number;
  readonly elapsedMs: number;
}

/**
 * HdrHistogram's interval log, version 1.3: one interval for each scenario and metric, tagged
 * `scenario.metric`; values in us, the interval's maximum in ms. Empty ones are left out.
 */
export function hdrLog(whole: Recorder, times: ExportTimes): string {
  const lines = logHead(times);
  for (const record of whole.scenarios) {
    const at = ((record.scenario.startMs ?? 0) / 1_000).toFixed(3);
    const length = (times.elapsedMs / 1_000).toFixed(3);
    for (const [metric, histogram] of latenciesOf(record)) {
      if (histogram.count === 0) continue;
      const most = (histogram.maxUs / 1_000).toFixed(3);
      // A tag ends at a comma and holds no white space.
      const tag = `${record.name}.${metric}`.replace(/[\s,]/g, "_");
      lines.push(`Tag=${tag},${at},${length},${most},${encodeHdr(histogram)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/**
 * The same log with one interval for each slice and scenario: response times of the good answers
 * that came in it, of every phase, so that they add up to what the live view showed.
 */
export function hdrSliceLog(whole: Recorder, times: ExportTimes): string {
  const logs = whole.scenarios.map(({ series, scenario }) => {
    return { log: series.sliceLog, startMs: scenario.startMs ?? 0 };
  });
  return `${[...logHead(times), ...sliceLines(logs)].join("\n")}\n`;
}

function logHead({ startWallMs }: ExportTimes): string[] {
  const startS = (startWallMs / 1_000).toFixed(3);
  return [
    "#[Histogram log format version 1.3]",
    `#[StartTime: ${startS} (seconds since epoch), ${new Date(startWallMs).toISOString()}]`,
    "#[Values: microseconds]",
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
  ];
}

const escaped = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

/** How many values are surely within each edge, in one pass over the buckets. */
function withinEdges(histogram: Histogram): number[] {
  const within = edgesS.map(() => 0);
  histogram.each((_lowUs, highUs, count) => {
    const first = edgesS.findIndex((edge) => highUs <= edge * 1e6);
    if (first !== -1) within[first] = (within[first] ?? 0) + count;
  });
  let sum = 0;
  return within.map((count) => (sum += count));
}

/** Accounts and latencies in OpenMetrics text; a value in a bucket that straddles an edge is over it. */
export function openMetrics(whole: Recorder): string {
  const lines = [
    "# TYPE loadline_load_requests counter",
    "# HELP loadline_load_requests Requests that fell due, by their one outcome.",
  ];
  for (const record of whole.scenarios) {
    const scenario = escaped(record.name);
    for (const [outcome, n] of [["ok", record.ok], ...Object.entries(record.bad.toObject())]) {
      lines.push(`loadline_load_requests_total{scenario="${scenario}",outcome="${outcome}"} ${n}`);
    }
  }
  const metrics = whole.scenarios[0] === undefined ? [] : latenciesOf(whole.scenarios[0]);
  for (const [at, [metric]] of metrics.entries()) {
    const name = `loadline_load_${metric}_seconds`;
    lines.push(`# TYPE ${name} histogram`, `# UNIT ${name} seconds`);
    lines.push(`# HELP ${name} Of good answers of the measured phase.`);
    for (const record of whole.scenarios) {
      const histogram = latenciesOf(record)[at]?.[1];
      if (histogram === undefined || histogram.count === 0) continue;
      const label = `scenario="${escaped(record.name)}"`;
      const within = withinEdges(histogram);
      for (const [i, edge] of edgesS.entries()) {
        lines.push(`${name}_bucket{${label},le="${edge}"} ${within[i] ?? 0}`);
      }
      lines.push(`${name}_bucket{${label},le="+Inf"} ${histogram.count}`);
      lines.push(`${name}_count{${label}} ${histogram.count}`);
      lines.push(`${name}_sum{${label}} ${histogram.sumUs / 1e6}`);
    }
  }
  lines.push("# EOF");
  return `${lines.join("\n")}\n`;
}
