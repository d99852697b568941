import { encodeHdr, type Histogram } from "@loadline/kit/histogram";

/** Characters of one run's log by slices at most: what comes later is left out, and that is said. */
export const sliceLogCharsMax = 32 * 1024 * 1024;

/** One slice of a scenario: what was answered in it. */
interface SliceLine {
  readonly atMs: number;
  readonly text: string;
}

/** Histograms of a scenario's good answers by the slice they came in, as lines of an interval log. */
export class SliceLog {
  readonly #scenario: string;
  readonly #charsMax: number;
  readonly lines: SliceLine[] = [];
  /** Slices with answers that had no room. */
  leftOut = 0;
  #chars = 0;

  /** `charsMax` is this scenario's share. */
  constructor(scenario: string, charsMax: number) {
    // A tag ends at a comma and holds no white space.
    this.#scenario = scenario.replace(/[\s,]/g, "_");
    this.#charsMax = charsMax;
  }

  /** The values of one slice; `atMs` from the start of the scenario. An empty one has no line. */
  add(values: Histogram, o: { readonly atMs: number; readonly lengthMs: number }): void {
    if (values.count === 0) return;
    const length = (o.lengthMs / 1_000).toFixed(3);
    const most = (values.maxUs / 1_000).toFixed(3);
    const text = `${length},${most},${encodeHdr(values)}`;
    this.#chars += text.length;
    if (this.#chars > this.#charsMax) this.leftOut++;
    else this.lines.push({ atMs: o.atMs, text: `Tag=${this.#scenario}.response_time,%,${text}` });
  }
}

/** Lines of several scenarios in order of time, and what had no room. */
export function sliceLines(
  logs: readonly { readonly log: SliceLog; readonly startMs: number }[],
): string[] {
  const all = logs.flatMap(({ log, startMs }) =>
    log.lines.map(({ atMs, text }) => ({ atMs: startMs + atMs, text })),
  );
  all.sort((a, b) => a.atMs - b.atMs);
  const leftOut = logs.reduce((sum, { log }) => sum + log.leftOut, 0);
  const note = leftOut === 0 ? [] : [`#[${leftOut} later slices had no room]`];
  return [...all.map(({ atMs, text }) => text.replace("%", (atMs / 1_000).toFixed(3))), ...note];
}
