/** Label names with every value they can take, in rendering order. */
export type LabelSpace = Readonly<Record<string, readonly string[]>>;

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

export interface Histogram extends Series {
  observe(slot: number, value: number): void;
}

export interface Metrics {
  /** `name` without `_total`; it is added to the samples. */
  counter(name: string, help: string, labels: LabelSpace): Counter;
  gauge(name: string, help: string, labels: LabelSpace): Gauge;
  /** `bounds` ascending, without +Inf. */
  histogram(name: string, help: string, labels: LabelSpace, bounds: readonly number[]): Histogram;
  /** Runs before each rendering, to refresh gauges. */
  onRender(run: () => void): void;
  /** OpenMetrics 1.0 text, `# EOF` included. */
  render(): string;
}

interface Space {
  readonly size: number;
  readonly sets: readonly string[];
  slot(indexes: readonly number[]): number;
  at(first: number, second?: number, third?: number): number;
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
  return {
    counter(name, help, labels) {
      claim(name);
      const space = spaceOf(labels);
      const values = new Float64Array(space.size);
      families.push(() => head(name, "counter", help) + samples(`${name}_total`, space, values));
      return {
        slot: space.slot,
        at: space.at,
        add: (slot, by = 1) => void (values[slot] = (values[slot] ?? 0) + by),
        value: (slot) => values[slot] ?? 0,
      };
    },
    gauge(name, help, labels) {
      claim(name);
      const space = spaceOf(labels);
      const values = new Float64Array(space.size);
      families.push(() => head(name, "gauge", help) + samples(name, space, values));
      return {
        slot: space.slot,
        at: space.at,
        set: (slot, value) => void (values[slot] = value),
        add: (slot, by) => void (values[slot] = (values[slot] ?? 0) + by),
      };
    },
    histogram(name, help, labels, bounds) {
      claim(name);
      const table = histogramOf(spaceOf(labels), Float64Array.from(bounds));
      families.push(() => head(name, "histogram", help) + table.render(name));
      return { slot: table.slot, at: table.at, observe: table.observe };
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
  const counts = new Float64Array(space.size * width);
  const sums = new Float64Array(space.size);
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

/** Every combination of label values, the last label varying fastest. */
function spaceOf(labels: LabelSpace): Space {
  const columns = Object.entries(labels);
  let sets = [""];
  for (const [name, values] of columns) {
    const pairs = values.map((value) => `${name}="${escapeLabel(value)}"`);
    sets = sets.flatMap((set) => pairs.map((pair) => (set === "" ? pair : `${set},${pair}`)));
  }
  const widths = columns.map(([, values]) => values.length);
  const [one = 1, two = 1, three = 1] = widths;
  const check = (label: number, index: number, width: number): number => {
    if (index >= 0 && index < width) return index;
    throw new RangeError(`label ${label} has no value ${index}`);
  };
  return {
    size: sets.length,
    sets: sets.map((set) => (set === "" ? "" : `{${set}}`)),
    slot(indexes) {
      let slot = 0;
      for (let i = 0; i < widths.length; i++) {
        const index = indexes[i] ?? -1;
        const width = widths[i] ?? 0;
        slot = slot * width + check(i, index, width);
      }
      return slot;
    },
    at: (first, second = 0, third = 0) =>
      (check(0, first, one) * two + check(1, second, two)) * three + check(2, third, three),
  };
}

function samples(name: string, space: Space, values: Float64Array): string {
  return space.sets.map((set, slot) => `${name}${set} ${values[slot] ?? 0}\n`).join("");
}

/** OpenMetrics writes bounds as floats: 1 is `1.0`. */
function canonical(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function escapeLabel(value: string): string {
  return escapeText(value).replaceAll('"', '\\"');
}

function escapeText(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
