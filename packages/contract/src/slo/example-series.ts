import { isSelected, readSelector, type Sample } from "./selector.ts";

/** A series by name and labels. */
export interface ExampleSeries {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
}

/** Values that a pattern is tried with. */
const fillers = ["0", "x", "other", "200", "none"];

/** A text that a matcher of the form `=~` takes; null where none is found. */
function textFor(pattern: string): string | null {
  const first = pattern.split("|")[0] ?? "";
  const plain = first
    .replaceAll(/\\\./g, "\u0000")
    .replaceAll(/\.[*+]/g, "x")
    .replaceAll(".", "0")
    .replaceAll("\u0000", ".");
  return [plain, ...fillers].find((text) => isMatch(text, pattern)) ?? null;
}

function isMatch(text: string, pattern: string): boolean {
  const labels = new Map([["l", text]]);
  const matchers = [{ label: "l", op: "=~", value: pattern }];
  return isSelected({ name: "s", labels, value: 0 }, { name: "s", matchers });
}

/** A series that the selector takes; null where none is found. */
export function exampleSeries(text: string): ExampleSeries | null {
  const selector = readSelector(text);
  const labels = new Map<string, string>();
  for (const { label, op, value } of selector.matchers) {
    if (op === "=") labels.set(label, value);
    const found = op === "=~" ? textFor(value) : "";
    if (found === null) return null;
    if (op === "=~") labels.set(label, found);
  }
  const series = { name: selector.name, labels };
  return takes(text, series) ? series : null;
}

/** A series that `whole` takes and `part` does not; null where none is found. */
export function exampleBeside(whole: string, part: string): ExampleSeries | null {
  const base = exampleSeries(whole);
  if (base === null || !takes(part, base)) return base;
  for (const { label } of readSelector(part).matchers) {
    for (const filler of fillers) {
      const labels = new Map(base.labels).set(label, filler);
      const series = { name: base.name, labels };
      if (takes(whole, series) && !takes(part, series)) return series;
    }
  }
  return null;
}

/** Whether the selector takes the series. */
export function takes(text: string, { name, labels }: ExampleSeries): boolean {
  const sample: Sample = { name, labels, value: 0 };
  return isSelected(sample, readSelector(text));
}

/** `name{label="value"}` of a series. */
export function seriesText({ name, labels }: ExampleSeries): string {
  const inner = [...labels].map(([label, value]) => `${label}="${value}"`).join(",");
  return inner === "" ? name : `${name}{${inner}}`;
}
