const ok = "HTTP/1.1 200 OK\r\n";
const chunked = `${ok}transfer-encoding: chunked\r\n\r\n`;

/** Answers on the wire, each followed by the end of its connection, and how a call over it ends. */
export const answers: readonly (readonly [what: string, text: string, outcome: string])[] = [
  ["a body with a length", `${ok}content-length: 3\r\n\r\nabc`, "end"],
  ["no body", `${ok}content-length: 0\r\n\r\n`, "end"],
  ["a body up to the end of the connection", `${ok}connection: close\r\n\r\nabc`, "end"],
  ["chunks", `${chunked}1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n`, "end"],
  ["chunks and a trailer", `${chunked}3\r\nabc\r\n0\r\nx: y\r\n\r\n`, "end"],
  ["an interim head first", `HTTP/1.1 103 E\r\na: b\r\n\r\n${ok}content-length: 1\r\n\r\nx`, "end"],
  ["a body cut short", `${ok}content-length: 9\r\n\r\nabc`, "reset"],
  ["a chunk cut short", `${chunked}9\r\nabc`, "reset"],
  ["chunks without their end", `${chunked}3\r\nabc\r\n`, "reset"],
  ["a size that is none", `${chunked}g\r\nabc\r\n0\r\n\r\n`, "protocol"],
  ["a chunk longer than its size", `${chunked}2\r\nabc\r\n0\r\n\r\n`, "protocol"],
  [
    "a length beside chunks",
    `${ok}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    "protocol",
  ],
  ["two lengths", `${ok}content-length: 1\r\ncontent-length: 2\r\n\r\nab`, "protocol"],
  ["a length that is none", `${ok}content-length: 1x\r\n\r\na`, "protocol"],
  ["a bare LF", `HTTP/1.1 200 OK\ncontent-length: 1\n\na`, "protocol"],
  ["a space in a name", `${ok}a b: c\r\ncontent-length: 1\r\n\r\na`, "protocol"],
  ["a status that is none", `HTTP/1.1 20 OK\r\ncontent-length: 1\r\n\r\na`, "protocol"],
];
