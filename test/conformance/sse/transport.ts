/** Reads of one connection, and whether the peer closes after the last. */
export interface Wire {
  readonly reads: readonly Buffer[];
  readonly closes: boolean;
}

const statusLine = "HTTP/1.1 200 OK\r\n";
const eventStream = "content-type: text/event-stream; charset=utf-8\r\n";
const chunkedHead = `${statusLine}${eventStream}transfer-encoding: chunked\r\n\r\n`;
const sizeOf = (text: Buffer): string => text.length.toString(16);

const chunk = (text: Buffer, extension = ""): Buffer =>
  Buffer.concat([Buffer.from(`${sizeOf(text)}${extension}\r\n`), text, Buffer.from("\r\n")]);

const wire = (reads: readonly (Buffer | string)[], closes = false): Wire => ({
  reads: reads.map((read) => Buffer.from(read)),
  closes,
});

/** Ways a body of events may travel. Read 0 is the head, read i the i-th part, then the body's end. */
export const transports = {
  chunked: (parts: readonly Buffer[]) =>
    wire([chunkedHead, ...parts.map((part) => chunk(part)), "0\r\n\r\n"]),
  /** The connection dies in the middle of the body. */
  cut: (parts: readonly Buffer[]) => wire([chunkedHead, ...parts.map((part) => chunk(part))], true),
  "chunk extensions": (parts: readonly Buffer[]) =>
    wire([chunkedHead, ...parts.map((part) => chunk(part, ';a="b c";d')), "0;last\r\n\r\n"]),
  trailers: (parts: readonly Buffer[]) =>
    wire([chunkedHead, ...parts.map((part) => chunk(part)), "0\r\nx-sum: 1\r\nx-n: 2\r\n\r\n"]),
  /** Ended by the connection's end. */
  "close-delimited": (parts: readonly Buffer[]) =>
    wire([`${statusLine}${eventStream}\r\n`, ...parts], true),
  "exact length": (parts: readonly Buffer[]) =>
    wire([`${statusLine}${eventStream}content-length: ${bytesOf(parts)}\r\n\r\n`, ...parts]),
  /** Says less than it sends. */
  "short length": (parts: readonly Buffer[]) =>
    wire([`${statusLine}${eventStream}content-length: ${bytesOf(parts) - 1}\r\n\r\n`, ...parts]),
  /** Says more than it sends, then closes. */
  "long length": (parts: readonly Buffer[]) =>
    wire(
      [`${statusLine}${eventStream}content-length: ${bytesOf(parts) + 1}\r\n\r\n`, ...parts],
      true,
    ),
  "1xx first": (parts: readonly Buffer[]) =>
    wire([
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${chunkedHead}`,
      ...parts.map((part) => chunk(part)),
      "0\r\n\r\n",
    ]),
  /** A chunk says it is one byte shorter than it is. */
  "chunk size lie": (parts: readonly Buffer[]) =>
    wire([
      chunkedHead,
      ...parts.map((part) =>
        Buffer.concat([
          Buffer.from(`${(part.length - 1).toString(16)}\r\n`),
          part,
          Buffer.from("\r\n"),
        ]),
      ),
    ]),
  /** Not an event stream at all: a whole JSON answer. */
  "JSON answer": (parts: readonly Buffer[]) =>
    wire([
      `${statusLine}content-type: application/json\r\ncontent-length: ${bytesOf(parts)}\r\n\r\n`,
      ...parts,
    ]),
} as const;

export type Transport = keyof typeof transports;

function bytesOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
