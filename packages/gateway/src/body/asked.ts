import { isSpace } from "./space.ts";

const openBracket = 0x5b;
const comma = 0x2c;
const minus = 0x2d;
/** A token given by its number is as much as a token of text: three bytes. */
const bytesPerId = 3;

/** What a prompt or an input holds beside text, which the scan has counted. */
export interface AskedList {
  /** Prompts in it, each of which is answered on its own. */
  readonly parts: number;
  /** Tokens that are given by their numbers, as bytes of text. */
  readonly idBytes: number;
}

const one: AskedList = { parts: 1, idBytes: 0 };

/**
 * Reads the shape of a scanned value between `start` and `end`: a text, a list of texts, one list of
 * token numbers, or a list of such lists. `count`: its elements.
 */
export function askedList(bytes: Buffer, start: number, end: number, count: number): AskedList {
  if (bytes[start] !== openBracket) return one;
  let first = start + 1;
  while (isSpace(bytes[first])) first++;
  const byte = bytes[first] ?? 0;
  if (byte === minus || (byte >= 0x30 && byte <= 0x39))
    return { parts: 1, idBytes: bytesPerId * count };
  const parts = Math.max(1, count);
  if (byte !== openBracket) return { parts, idBytes: 0 };
  let ids = 1;
  for (let at = first; at < end; at++) if (bytes[at] === comma) ids++;
  return { parts, idBytes: bytesPerId * ids };
}
