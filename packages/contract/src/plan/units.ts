/** Typed quantities: a percent is not a ratio and a second is not a millisecond. */

const quantityPattern = /^\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*([A-Za-z%/]+)\s*$/;

export interface Quantity {
  readonly value: number;
  readonly unit: string;
}

/** `"2 s"` to 2 and s; null when there is no number or no unit. */
export function parseQuantity(text: string): Quantity | null {
  const match = quantityPattern.exec(text);
  const [, number, unit] = match ?? [];
  return number === undefined || unit === undefined ? null : { value: Number(number), unit };
}

const timeUnitsMs: ReadonlyMap<string, number> = new Map([
  ["us", 0.001],
  ["ms", 1],
  ["s", 1_000],
  ["min", 60_000],
  ["h", 3_600_000],
]);

/** A time in ms; null when the unit is not one of us, ms, s, min, h. */
export function quantityMs(quantity: Quantity): number | null {
  const factor = timeUnitsMs.get(quantity.unit);
  return factor === undefined ? null : Number((quantity.value * factor).toPrecision(15));
}

/** A ratio 0..1 from a number 0..1 or `"99.5 %"`; null for a bare percent, out of range, or text. */
export function parseRatio(value: number | string): number | null {
  if (typeof value === "number") return value >= 0 && value <= 1 ? value : null;
  const quantity = parseQuantity(value);
  if (quantity?.unit !== "%" || quantity.value < 0 || quantity.value > 100) return null;
  return Number((quantity.value / 100).toPrecision(15));
}
