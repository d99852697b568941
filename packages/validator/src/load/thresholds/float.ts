const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/;
const hexadecimal = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?\d+)/;

export interface ReadFloat {
  readonly value: number;
  /** Characters read. */
  readonly length: number;
}

/**
 * Reads a number at the start of a text the way k6 does (Go's floating point syntax): a sign, no
 * digit before or after the point, exponents, hexadecimal with `p`. Null: none there. Infinity and
 * NaN are none: no value could ever cross such a limit.
 */
export function readFloatAt(text: string): ReadFloat | null {
  const hex = hexadecimal.exec(text);
  if (hex !== null) {
    const [whole, sign, integer = "", fraction = "", exponent] = hex;
    if (integer + fraction === "") return null;
    const mantissa = Number.parseInt(integer + fraction, 16);
    const value = mantissa * 2 ** (Number(exponent) - 4 * fraction.length);
    return finite(sign === "-" ? -value : value, whole.length);
  }
  const match = decimal.exec(text);
  return match === null ? null : finite(Number(match[0]), match[0].length);
}

function finite(value: number, length: number): ReadFloat | null {
  return Number.isFinite(value) ? { value, length } : null;
}

/** The whole text as such a number, or null. */
export function parseFloatWhole(text: string): number | null {
  const read = readFloatAt(text);
  return read !== null && read.length === text.length ? read.value : null;
}
