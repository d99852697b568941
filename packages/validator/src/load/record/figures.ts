import { Arena } from "./arena.ts";
import { toMs } from "./ranks.ts";

/** What became of one named figure of a scenario; values in its own unit. */
export interface FigureSeries {
  readonly scenario: string;
  readonly figure: string;
  readonly count: number;
  readonly bad: number;
  readonly sum: number;
  /** Null when no value was valid. */
  readonly min: number | null;
  readonly max: number | null;
  /** `[quantile, value]`, upper bucket edges. */
  readonly percentiles: readonly (readonly [number, number])[];
}

/** What is past the cap of series is kept under this name. */
export const otherFigure = "__other__";
const seriesMax = 512;
const shown = [0.5, 0.9, 0.95, 0.99];

/** One named figure: counts, sum and a histogram of thousandths. */
export class Figure {
  readonly arena: Arena;
  readonly #counts: Float64Array;
  readonly #values;

  constructor(given: readonly SharedArrayBuffer[] | null) {
    this.arena = new Arena(given);
    this.#counts = this.arena.sums(3);
    this.#values = this.arena.histogram();
  }

  record(value: number, bad: boolean): void {
    const counts = this.#counts;
    counts[0] = (counts[0] ?? 0) + 1;
    if (bad) counts[1] = (counts[1] ?? 0) + 1;
    if (Number.isNaN(value)) return;
    counts[2] = (counts[2] ?? 0) + value;
    this.#values.record(value * 1000);
  }

  toSeries(scenario: string, figure: string): FigureSeries {
    const [count = 0, bad = 0, sum = 0] = this.#counts;
    const values = this.#values;
    const empty = values.count === 0;
    return {
      scenario,
      figure,
      count,
      bad,
      sum,
      min: empty ? null : toMs(values.minUs),
      max: empty ? null : toMs(values.maxUs),
      percentiles: empty ? [] : shown.map((q) => [q, toMs(values.quantileUs(q))] as const),
    };
  }
}

/** Figures by scenario and name, at most 512; what comes later goes to `__other__`. */
export class Figures {
  readonly #byScenario = new Map<number, Map<string, Figure>>();
  readonly #made: (scenario: number, name: string, figure: Figure) => void;
  #count = 0;
  #last: Figure | null = null;
  #lastName = "";
  #lastScenario = -1;
  /** Values that went to `__other__`. */
  folded = 0;

  /** `made` is told of each new series. */
  constructor(made: (scenario: number, name: string, figure: Figure) => void) {
    this.#made = made;
  }

  record(scenario: number, name: string, value: number, bad: boolean): void {
    // The same figure comes many times in a row: every token says one.
    if (name === this.#lastName && scenario === this.#lastScenario) {
      this.#last?.record(value, bad);
      return;
    }
    const known = this.#byScenario.get(scenario)?.get(name);
    if (known !== undefined) {
      this.#last = known;
      this.#lastName = name;
      this.#lastScenario = scenario;
      known.record(value, bad);
    } else if (this.#count < seriesMax - 1) this.at(scenario, name).record(value, bad);
    else {
      this.folded++;
      this.at(scenario, otherFigure).record(value, bad);
    }
  }

  /** The series of a name, made when it is not there. */
  at(scenario: number, name: string, given: readonly SharedArrayBuffer[] | null = null): Figure {
    let own = this.#byScenario.get(scenario);
    if (own === undefined) this.#byScenario.set(scenario, (own = new Map()));
    let figure = own.get(name);
    if (figure === undefined) {
      figure = new Figure(given);
      own.set(name, figure);
      this.#count++;
      this.#made(scenario, name, figure);
    }
    return figure;
  }

  /** Adds all of another's. */
  add(other: Figures): void {
    for (const [scenario, own] of other.#byScenario) {
      for (const [name, figure] of own) this.at(scenario, name).arena.add(figure.arena);
    }
  }

  *[Symbol.iterator](): Generator<[scenario: number, name: string, figure: Figure]> {
    for (const [scenario, own] of this.#byScenario) {
      for (const [name, figure] of own) yield [scenario, name, figure];
    }
  }
}
