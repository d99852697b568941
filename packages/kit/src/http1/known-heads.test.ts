import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createHeadReader, parseRequestHead } from "./index.ts";

const headersMax = 100;
const first = "POST /v1/chat/completions HTTP/1.1\r\n";
const headOf = (...lines: readonly string[]): string =>
  first + lines.map((l) => `${l}\r\n`).join("");

/** Reads through a reader that counts how often it really reads. */
function counting() {
  const counts = { reads: 0 };
  const read = createHeadReader((text, max) => {
    counts.reads++;
    return parseRequestHead(text, max);
  });
  return { counts, read };
}

describe("a head like the one before", () => {
  const like = (length: string): string =>
    headOf("Host: a", `Content-Length: ${length}`, "authorization: Bearer x");

  test("is not read again, whatever the figure of its length is", () => {
    const { counts, read } = counting();
    for (const length of ["12", "12", "7", "123456", "0"])
      expect(read(like(length), headersMax)).toEqual(parseRequestHead(like(length), headersMax));
    expect(counts.reads).toBe(1);
  });

  test("is read when another field, the first line or the bound of fields differs", () => {
    const others = [
      like("12").replace("Bearer x", "Bearer y"),
      like("12").replace("/v1/chat", "/v2/chat"),
      like("12").replace("Host: a", "Host: b"),
    ];
    for (const other of others) {
      const { counts, read } = counting();
      read(like("12"), headersMax);
      expect(read(other, headersMax)).toEqual(parseRequestHead(other, headersMax));
      expect(counts.reads).toBe(2);
    }
    const { read } = counting();
    expect(read(like("12"), headersMax)).toBeDefined();
    expect(read(like("12"), 2)).toBeUndefined();
  });

  test("is refused as ever when its figure is no plain one", () => {
    const { read } = counting();
    for (const length of [
      "",
      "+3",
      "-3",
      "0x3",
      "3, 3",
      "3 ",
      "1e3",
      "3\r\nExpect: x",
      "9".repeat(30),
    ]) {
      read(like("12"), headersMax);
      expect(read(like(length), headersMax)).toEqual(parseRequestHead(like(length), headersMax));
    }
  });

  test("keeps what was given out before as it was", () => {
    const { read } = counting();
    const before = read(like("12"), headersMax);
    read(like("99"), headersMax);
    expect(before?.headers[3]).toBe("12");
  });
});

describe("laws", () => {
  const line = fc.constantFrom(
    "Host: a",
    "Host: b",
    "Content-Length: 3",
    "content-length:3",
    "Content-Length: 33",
    "Content-Length:  4 ",
    "Content-Length: x",
    "X-Content-Length: 3",
    "X: Content-Length: 3",
    "Transfer-Encoding: chunked",
    "Connection: close",
    "Expect: 100-continue",
  );
  const text = fc.array(line, { maxLength: 5 }).map((lines) => headOf(...lines));

  test("a sequence of heads reads as each of them does alone", () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 12 }), (texts) => {
        const { read } = counting();
        for (const one of texts)
          expect(read(one, headersMax)).toEqual(parseRequestHead(one, headersMax));
      }),
      { numRuns: 2000 },
    );
  });
});
