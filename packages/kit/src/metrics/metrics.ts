import type { GrowingLabel } from "./growing-label.ts";
import { escapeText, labelSet, type Space, spaceOf } from "./space.ts";

/**
 * Label names with every value they can take; at most one of them grows. A name such as `from,to` is
 * two labels that take only the pairs told, such as `a,b`.
 */
export type LabelSpace = Readonly<Record<string, readonly string[] | GrowingLabel>>;

interface Series {
  /** Index of a label set, from the index of each label's value. Refuses an index out of range. */
  slot(indexes: readonly number[]): number;
  /** `slot` for up to three labels without a list, for hot paths. */
  at(first: number, second?: number, third?: number): number;
}

export interface Counter extends Series {
  add(slot: number, by?: number): void;
  value(slot: number): number;
}

export interface Gauge extends Series {
  set(slot: number, value: number): void;
  add(slot: number, by: number): void;
}

type Plain = Counter & Gauge;

export interface Histogram extends Series {
  observe(slot: number, value: number): void;
}

/** A second definition of a counter or gauge with the same `labels` object gives the first one. */
export interface Metrics {
  /** `name` without `_total`; it is added to the samples. */
  counter(name: string, help: string, labels: LabelSpace): Counter;
  gauge(name: string, help: string, labels: LabelSpace): Gauge;
  /** `bounds` ascending, without +Inf. */
  histogram(name: string, help: string, labels: LabelSpace, bounds: readonly number[]): Histogram;
  /** A fact that is told by its labels, read at each rendering; `_info` is added to its name. */
  info(name: string, help: string, read: () => Readonly<Record<string, string>>): void;
  /** Runs before each rendering, to refresh gauges. */
  onRender(run: () => void): void;
  /** OpenMetrics 1.0 text, `# EOF` included. */
  render(): string;
}

export function createMetrics(): Metrics {
  const families: (() => string)[] = [];
  const refreshers: (() => void)[] = [];
  const names = new Set<string>();
  const claim = (name: string): void => {
    if (names.has(name)) throw new TypeError(`metric ${name} is defined twice`);
    names.add(name);
  };
  const head = (name: string, type: string, help: string): string =>
    `# TYPE ${name} ${type}\n# HELP ${name} ${escapeText(help)}\n`;
  /** Defines families of one value per label set; the one that is there already for its labels. */
  const plain = (type: "counter" | "gauge", suffix: string) => {
    const made = new Map<string, { labels: LabelSpace; handle: Plain }>();
    return (name: string, help: string, labels: LabelSpace): Plain => {
      const known = made.get(name);
      if (known?.labels === labels) return known.handle;
      claim(name);
      const space = spaceOf(labels);
      let values = new Float64Array(space.sets.length);
      space.onGrow(() => void (values = grown(values, space.sets.length)));
      families.push(() => head(name, type, help) + samples(`${name}${suffix}`, space, values));
      const handle: Plain = {
        slot: space.slot,
        at: space.at,
        add: (slot, by = 1) => void (values[slot] = (values[slot] ?? 0) + by),
        set: (slot, value) => void (values[slot] = value),
        value: (slot) => values[slot] ?? 0,
      };
      made.set(name, { labels, handle });
      return handle;
    };
  };
  return {
    counter: plain("counter", "_total"),
    gauge: plain("gauge", ""),
    histogram(name, help, labels, bounds) {
      claim(name);
      const table = histogramOf(spaceOf(labels), Float64Array.from(bounds));
      families.push(() => head(name, "histogram", help) + table.render(name));
      return { slot: table.slot, at: table.at, observe: table.observe };
    },
    info(name, help, read) {
      claim(name);
      families.push(() => `${head(name, "info", help)}${name}_info${labelSet(read())} 1\n`);
    },
    onRender: (run) => void refreshers.push(run),
    render() {
      for (const run of refreshers) run();
      return `${families.map((render) => render()).join("")}# EOF\n`;
    },
  };
}

interface HistogramTable extends Histogram {
  render(name: string): string;
}

function histogramOf(space: Space, bounds: Float64Array): HistogramTable {
  const width = bounds.length + 1;
  let counts = new Float64Array(space.sets.length * width);
  let sums = new Float64Array(space.sets.length);
  space.onGrow(() => {
    counts = grown(counts, space.sets.length * width);
    sums = grown(sums, space.sets.length);
  });
  const withBound = (set: string, bound: string): string =>
    set === "" ? `{le="${bound}"}` : `${set.slice(0, -1)},le="${bound}"}`;
  const renderSet = (name: string, set: string, slot: number): string => {
    let text = "";
    let below = 0;
    for (let i = 0; i < width; i++) {
      below += counts[slot * width + i] ?? 0;
      const bound = i === bounds.length ? "+Inf" : canonical(bounds[i] ?? 0);
      text += `${name}_bucket${withBound(set, bound)} ${below}\n`;
    }
    return `${text}${name}_count${set} ${below}\n${name}_sum${set} ${sums[slot] ?? 0}\n`;
  };
  return {
    slot: space.slot,
    at: space.at,
    observe(slot, value) {
      let i = 0;
      while (i < bounds.length && value > (bounds[i] ?? 0)) i++;
      const at = slot * width + i;
      counts[at] = (counts[at] ?? 0) + 1;
      sums[slot] = (sums[slot] ?? 0) + value;
    },
    render: (name) => space.sets.map((set, slot) => renderSet(name, set, slot)).join(""),
  };
}

/** The same values, followed by zeros. */
function grown(values: Float64Array<ArrayBuffer>, size: number): Float64Array<ArrayBuffer> {
  const next = new Float64Array(size);
  next.set(values);
  return next;
}

function samples(name: string, space: Space, values: Float64Array): string {
  return space.sets.map((set, slot) => `${name}${set} ${values[slot] ?? 0}\n`).join("");
}

/** OpenMetrics writes bounds as floats: 1 is `1.0`. */
function canonical(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}
