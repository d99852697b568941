import type { ResponseParser } from "@loadline/kit/http1";

/** CR LF after the data of a chunk. */
export const lineEndBytes = 2;

/**
 * Offers the parser's sink the whole chunks a read begins with, until it takes one no more, and feeds
 * the parser what is left.
 */
export function feedByChunks(parser: ResponseParser, bytes: Buffer): void {
  let start = 0;
  let end = parser.chunkEnd(bytes, start, bytes.length);
  while (end > 0 && parser.offerChunk(bytes, start, end)) {
    start = end;
    end = parser.chunkEnd(bytes, start, bytes.length);
  }
  if (start < bytes.length) parser.feed(start === 0 ? bytes : bytes.subarray(start));
}
