import type { Histogram } from "@loadline/kit/histogram";
import { toMs } from "./ranks.ts";

/** Four cells per octave: enough for a picture, few enough for a report. */
const perOctave = 4;
/** From 1 us to 2^32 us, where a histogram's last bucket ends. */
const cells = 32 * perOctave + 1;

/** A cell of one slice: its upper edge in ms, and how many values it has. */
export type HeatCell = readonly [edgeMs: number, count: number];

/** How many values fell into which cell, by slices: one block of memory, whatever the run's length. */
export class Heat {
  readonly #slices: number;
  /** Made with the first slice: most threads close none. */
  #counts: Uint32Array | null = null;

  constructor(slices: number) {
    this.#slices = slices;
  }

  /** Keeps a slice's values; its cells that are not empty, ascending. */
  add(slice: number, values: Histogram): HeatCell[] {
    const counts = (this.#counts ??= new Uint32Array(this.#slices * cells));
    values.each((_lowUs, highUs, count) => {
      const cell = Math.ceil(Math.log2(Math.max(1, highUs)) * perOctave);
      const at = slice * cells + Math.min(cells - 1, cell);
      counts[at] = (counts[at] ?? 0) + count;
    });
    return this.#cellsOf(slice);
  }

  /** All that was kept, in order. */
  whole(): (readonly [slice: number, edgeMs: number, count: number])[] {
    return Array.from({ length: this.#slices }, (_, slice) => slice).flatMap((slice) =>
      this.#cellsOf(slice).map(([edgeMs, count]) => [slice, edgeMs, count] as const),
    );
  }

  #cellsOf(slice: number): HeatCell[] {
    const found: HeatCell[] = [];
    for (let cell = 0; cell < cells; cell++) {
      const count = this.#counts?.[slice * cells + cell] ?? 0;
      if (count > 0) found.push([toMs(2 ** (cell / perOctave)), count]);
    }
    return found;
  }
}
