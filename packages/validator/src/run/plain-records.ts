import type { Recorder } from "../evidence/recorder.ts";
import type { LoadRecord } from "../load/index.ts";

const by = "load";

/** Appends what the engine says once and nobody adds to; false for what is more than that. */
export function recordPlain(recorder: Pick<Recorder, "append">, record: LoadRecord): boolean {
  switch (record.type) {
    case "load.slice":
      recorder.append({ kind: "load.slice", by, data: { ...record.slice } });
      return true;
    case "series": {
      const { scenario, percentiles, ttft } = record.series;
      recorder.append({ kind: "note", by, data: { load: { scenario, percentiles, ttft } } });
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
