/** Byte classes of HTTP/1.1 heads, given as character codes of latin1 text. */

export const space = 32;
export const tab = 9;
export const del = 127;
export const colon = 58;

const lengthDigitsMax = 15;
const tokenMarks = "!#$%&'*+-.^_`|~";
const tokenCodes = tokenTable();

/** RFC 9110 token characters. */
export function isToken(code: number): boolean {
  return tokenCodes[code] === 1;
}

/** What may stand around a field's value. */
export function isBlank(code: number): boolean {
  return code === space || code === tab;
}

/** A length of 1 to 15 digits and nothing else, or -1. */
export function lengthOf(value: string): number {
  if (value.length === 0 || value.length > lengthDigitsMax) return -1;
  let length = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    length = length * 10 + digit;
  }
  return length;
}

function tokenTable(): Uint8Array {
  const table = new Uint8Array(256);
  for (let code = 0; code < 128; code++) {
    const char = String.fromCharCode(code);
    if (/[0-9A-Za-z]/.test(char) || tokenMarks.includes(char)) table[code] = 1;
  }
  return table;
}
