import { offerChunks, type ResponseParser } from "@loadline/kit/http1";

/** CR LF after the data of a chunk. */
export const lineEndBytes = 2;

/** Hands a read over: the whole chunks it begins with to the parser's sink, what is left to the parser. */
export function feedByChunks(parser: ResponseParser, bytes: Buffer): void {
  const { length } = bytes;
  const start = offerChunks(parser, bytes, length, parser.chunkEnd(bytes, 0, length));
  if (start < length) parser.feed(start === 0 ? bytes : bytes.subarray(start));
}
