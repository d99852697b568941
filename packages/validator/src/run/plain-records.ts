import { countsOfMetrics, histogramLog } from "../evidence/histogram-counts.ts";
import type { Recorder } from "../evidence/recorder.ts";
import type { LoadRecord } from "../load/index.ts";

const by = "load";
/** A record holds 64 KiB in all. */
const noteCharsMax = 48_000;
/** Slices of one note, three counts each. */
const latePerRecord = 1_000;

/** Keeps what is larger than a record may be as an artifact, named by a note; `said` stands beside it. */
export function keep(
  recorder: Recorder,
  name: string,
  content: string | Uint8Array,
  said: Readonly<Record<string, unknown>> = {},
): void {
  const bytes = Buffer.from(content);
  const digest = recorder.artifact(bytes);
  const data = { artifact: { name, digest, bytes: bytes.length }, ...said };
  recorder.append({ kind: "note", by, data, refs: [digest] });
}

/** What the engine says as a note, or as an artifact where it is larger than a record may be. */
export function keepNote(recorder: Recorder, record: LoadRecord): void {
  const text = JSON.stringify(record);
  if (text.length > noteCharsMax) keep(recorder, record.type, text);
  else recorder.append({ kind: "note", by, data: { ...record } });
}

/**
 * The histograms of a run in every format, each an artifact: they grow with the spread of values. What
 * one format counts is said beside the other, so that `verify` counts again.
 */
export function keepHistograms(
  recorder: Recorder,
  record: Extract<LoadRecord, { type: "histograms" }>,
): void {
  const counts = countsOfMetrics(record.openMetrics);
  const fits = JSON.stringify(counts).length <= noteCharsMax;
  keep(recorder, histogramLog, record.hdrLog, fits ? { counts } : {});
  keep(recorder, "slices.hdr", record.sliceLog);
  keep(recorder, "load.openmetrics", record.openMetrics);
  keep(recorder, "load.prometheus-native", record.native);
}

/** Appends what the engine says once and nobody adds to; false for what is more than that. */
export function recordPlain(recorder: Pick<Recorder, "append">, record: LoadRecord): boolean {
  switch (record.type) {
    case "load.slice":
      recorder.append({ kind: "load.slice", by, data: { ...record.slice } });
      return true;
    case "series": {
      const { scenario, n, percentiles, ttft, delay } = record.series;
      const load = { scenario, n, percentiles, ttft, ...(delay !== undefined && { delay }) };
      recorder.append({ kind: "note", by, data: { load } });
      for (let at = 0; at < record.late.length; at += latePerRecord) {
        const late = { scenario, slices: record.late.slice(at, at + latePerRecord) };
        recorder.append({ kind: "note", by, data: { late } });
      }
      return true;
    }
    case "load.event": {
      const doesNotProve = record.doesNotProve === undefined ? [] : [record.doesNotProve];
      recorder.append({ kind: "note", by, data: { event: record.text }, doesNotProve });
      return true;
    }
    default:
      return false;
  }
}
