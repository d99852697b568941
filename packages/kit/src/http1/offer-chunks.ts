import type { ResponseParser } from "./types.ts";

/**
 * Offers the parser's sink the whole chunks of a read, one after the other, until it takes one no
 * more. `end` is that of the first (`chunkEnd`). Says where what is to be fed begins within `length`.
 */
export function offerChunks(
  parser: ResponseParser,
  bytes: Buffer,
  length: number,
  end: number,
): number {
  let start = 0;
  for (let next = end; next > 0 && parser.offerChunk(bytes, start, next);) {
    start = next;
    next = parser.chunkEnd(bytes, start, length);
  }
  return start;
}
