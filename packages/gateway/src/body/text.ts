import { parseJson } from "@loadline/kit/json";

const quote = 0x22;
const backslash = 0x5c;
const stepsBeforeSearch = 32;

/** The text of a JSON string with its quotes at `start` and `end - 1`; undefined when malformed. */
export function decodeString(bytes: Buffer, start: number, end: number): string | undefined {
  if (bytes[start] !== quote || end - start < 2) return undefined;
  for (let i = start + 1; i < end - 1; i++) {
    const byte = bytes[i] ?? 0;
    if (byte !== backslash && byte >= 0x20) continue;
    const value = parseJson(bytes.toString("utf8", start, end));
    return typeof value === "string" ? value : undefined;
  }
  return bytes.toString("utf8", start + 1, end - 1);
}

/** Offset of the closing quote of the string whose first byte is at `from`; -1 for none. */
export function closingQuote(bytes: Buffer, from: number): number {
  const near = Math.min(bytes.length, from + stepsBeforeSearch);
  let i = from;
  for (; i < near; i++) {
    const byte = bytes[i];
    if (byte === quote) return i;
    if (byte === backslash) i++;
  }
  return i < bytes.length ? searchQuote(bytes, i) : -1;
}

function searchQuote(bytes: Buffer, from: number): number {
  let start = from;
  for (;;) {
    const found = bytes.indexOf(quote, start);
    if (found < 0) return -1;
    let before = found;
    while (before > start && bytes[before - 1] === backslash) before--;
    if (((found - before) & 1) === 0) return found;
    start = found + 1;
  }
}
