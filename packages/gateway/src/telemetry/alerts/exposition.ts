/** One line of a metrics page. */
export interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** What a selector of an expression takes. */
export interface Selector {
  readonly name: string;
  readonly matchers: readonly {
    readonly label: string;
    readonly op: string;
    readonly value: string;
  }[];
}

const linePattern = /^([a-zA-Z_:][\w:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})? (\S+)/;
const labelPattern = /(\w+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"/g;

/** The samples of a metrics page; lines that are none are left out. */
export function readSamples(text: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split("\n")) {
    const [, name, inner = "", value = ""] = linePattern.exec(line) ?? [];
    if (name === undefined || Number.isNaN(Number(value))) continue;
    const labels = new Map(readMatchers(inner).map((one) => [one.label, one.value]));
    samples.push({ name, labels, value: Number(value) });
  }
  return samples;
}

/** Reads `name{label="value"}`. */
export function readSelector(text: string): Selector {
  const open = text.indexOf("{");
  if (open < 0) return { name: text, matchers: [] };
  return { name: text.slice(0, open), matchers: readMatchers(text.slice(open)) };
}

function readMatchers(text: string): Selector["matchers"] {
  return [...text.matchAll(labelPattern)].map(([, label = "", op = "", value = ""]) => ({
    label,
    op,
    value,
  }));
}

/** Whether Prometheus would take this sample for that selector. */
export function isSelected(sample: Sample, { name, matchers }: Selector): boolean {
  return (
    sample.name === name &&
    matchers.every(({ label, op, value }) => {
      const is = sample.labels.get(label) ?? "";
      const isEqual = op.endsWith("~") ? new RegExp(`^(?:${value})$`).test(is) : is === value;
      return isEqual !== op.startsWith("!");
    })
  );
}
