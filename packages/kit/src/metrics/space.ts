import type { GrowingLabel } from "./growing-label.ts";

/** The label sets of a family. Growth appends: a slot means the same for ever. */
export interface Space {
  /** Text of each slot's label set, braces included; empty without labels. */
  readonly sets: readonly string[];
  slot(indexes: readonly number[]): number;
  at(first: number, second?: number, third?: number): number;
  /** Calls back when there are more sets. */
  onGrow(run: () => void): void;
}

interface Column {
  readonly name: string;
  readonly values: readonly string[];
  /** Slots from one value to the next. */
  readonly stride: number;
}

/**
 * Every combination of label values. The last label varies fastest, but one that grows varies
 * slowest of all, so that its new values lie behind everything there is.
 */
export function spaceOf(labels: Readonly<Record<string, readonly string[] | GrowingLabel>>): Space {
  const entries = Object.entries(labels);
  const growing = entries.flatMap(([, label]) => ("onGrow" in label ? [label] : []));
  const [label] = growing;
  if (growing.length > 1) throw new TypeError("a metric has at most one growing label");
  const valuesOf = (of: readonly string[] | GrowingLabel): readonly string[] =>
    "onGrow" in of ? of.values : of;
  let stride = 1;
  const strides = new Map<string, number>();
  for (const [name, one] of entries.toReversed()) {
    if ("onGrow" in one) continue;
    strides.set(name, stride);
    stride *= one.length;
  }
  const columns: readonly Column[] = entries.map(([name, one]) => ({
    name,
    values: valuesOf(one),
    stride: strides.get(name) ?? stride,
  }));
  const sets: string[] = [];
  const fill = (): void => {
    const size = columns.reduce((product, { values }) => product * values.length, 1);
    for (let slot = sets.length; slot < size; slot++) sets.push(setAt(columns, slot));
  };
  fill();
  // Before the listeners of the families, which ask for the new sets.
  label?.onGrow(fill);
  const [one, two, three] = columns;
  return {
    sets,
    slot: (indexes) => columns.reduce((sum, column, i) => sum + part(column, i, indexes[i]), 0),
    at: (first, second = 0, third = 0) =>
      part(one, 0, first) + part(two, 1, second) + part(three, 2, third),
    onGrow: (run) => label?.onGrow(run),
  };
}

/** `{name="value",...}`, or nothing. */
export function labelSet(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** A text as HELP and labels carry it. */
export function escapeText(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(value: string): string {
  return escapeText(value).replaceAll('"', '\\"');
}

function part(column: Column | undefined, label: number, index = -1): number {
  if (!column && index === 0) return 0;
  if (column && index >= 0 && index < column.values.length) return index * column.stride;
  throw new RangeError(`label ${label} has no value ${index}`);
}

function setAt(columns: readonly Column[], slot: number): string {
  return labelSet(
    Object.fromEntries(
      columns.flatMap(({ name, values, stride }) => {
        const of = (values[Math.floor(slot / stride) % values.length] ?? "").split(",");
        return name.includes(",")
          ? name.split(",").map((one, i) => [one, of[i] ?? ""])
          : [[name, of.join(",")]];
      }),
    ),
  );
}
