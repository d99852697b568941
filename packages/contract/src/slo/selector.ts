/** Selectors of Prometheus and the samples of a metrics page that they take. */

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
const matcher = String.raw`\s*\w+\s*(?:=~|!~|!=|=)\s*"(?:[^"\\]|\\.)*"\s*`;
const selectorPattern = new RegExp(
  String.raw`^[a-zA-Z_:][\w:]*(?:\{(?:${matcher}(?:,${matcher})*,?)?\})?$`,
);

/** Whether a text is a metric's name with matchers or without, and nothing else. */
export function isSelectorText(text: string): boolean {
  return text.length <= 1000 && selectorPattern.test(text.trim());
}

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
    value: value.replaceAll(/\\(.)/g, (_, character: string) =>
      character === "n" ? "\n" : character,
    ),
  }));
}

/** Whether Prometheus would take this sample for that selector. */
export function isSelected(sample: Sample, { name, matchers }: Selector): boolean {
  return (
    sample.name === name &&
    matchers.every(({ label, op, value }) => {
      const is = sample.labels.get(label) ?? "";
      const isEqual = op.endsWith("~") ? matchesWhole(is, value) : is === value;
      return isEqual !== op.startsWith("!");
    })
  );
}

/** A pattern that cannot be read takes nothing. */
function matchesWhole(text: string, pattern: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) return false;
    throw cause;
  }
}

/** A selector with one more matcher and another ending of its name. */
export function extendSelector(text: string, suffix: string, added: string): string {
  const trimmed = text.trim();
  const open = trimmed.indexOf("{");
  if (open < 0) return `${trimmed}${suffix}${added === "" ? "" : `{${added}}`}`;
  const inner = trimmed
    .slice(open + 1, -1)
    .trim()
    .replace(/,$/, "");
  const all = [inner, added].filter((one) => one !== "").join(",");
  return `${trimmed.slice(0, open)}${suffix}${all === "" ? "" : `{${all}}`}`;
}
