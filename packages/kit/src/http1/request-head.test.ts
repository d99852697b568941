import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRequestHead } from "./index.ts";

const line = "POST /v1/chat/completions HTTP/1.1\r\n";

function read(fields: readonly string[], first = line) {
  return parseRequestHead(first + fields.map((field) => `${field}\r\n`).join(""), 100);
}

describe("a plain head", () => {
  test("gives method, target and the fields as sent, without the blanks around values", () => {
    const head = read(["Host: a:1", "X-Odd:  two words  ", "content-length: 12"]);
    expect(head).toEqual({
      method: "POST",
      target: "/v1/chat/completions",
      headers: ["Host", "a:1", "X-Odd", "two words", "content-length", "12"],
      contentLength: 12,
      isChunked: false,
      hasLength: true,
      keepAlive: true,
    });
  });

  test("without a length has no body, and says that none was sent", () => {
    expect(read(["Host: a"])).toMatchObject({ contentLength: 0, hasLength: false });
  });

  test("says that its body is chunked, in any letter case", () => {
    const fields = { contentLength: 0, hasLength: false, isChunked: true };
    expect(read(["Host: a", "Transfer-Encoding: chunked"])).toMatchObject(fields);
    expect(read(["Host: a", "transfer-encoding:Chunked"])).toMatchObject(fields);
  });

  test("asks for its connection to be closed in any letter case", () => {
    expect(read(["Host: a", "Connection: Close"])?.keepAlive).toBe(false);
    expect(read(["Host: a", "connection: Keep-Alive"])?.keepAlive).toBe(true);
  });

  test("may hold an empty value", () => {
    expect(read(["Host: a", "X-Empty:"])?.headers).toEqual(["Host", "a", "X-Empty", ""]);
  });
});

describe("a head that another reader could read differently is left to a complete parser", () => {
  const cases: readonly [string, readonly string[], string?][] = [
    ["two Host fields", ["host: b"]],
    ["another Transfer-Encoding", ["Transfer-Encoding: gzip, chunked"]],
    ["Transfer-Encoding twice", ["Transfer-Encoding: chunked", "transfer-encoding: chunked"]],
    ["a tab after the Transfer-Encoding", ["Transfer-Encoding: chunked\t"]],
    ["a tab before a value", ["X-Odd:\ta"]],
    ["an empty Transfer-Encoding", ["Transfer-Encoding:"]],
    ["chunked before a length", ["Transfer-Encoding: chunked", "Content-Length: 3"]],
    ["chunked after a length", ["Content-Length: 3", "Transfer-Encoding: chunked"]],
    ["Transfer-Encoding beside a length", ["Content-Length: 3", "transfer-encoding: identity"]],
    ["two lengths, even equal", ["Content-Length: 3", "content-length: 3"]],
    ["a list of lengths", ["Content-Length: 3, 3"]],
    ["a signed length", ["Content-Length: +3"]],
    ["a negative length", ["Content-Length: -3"]],
    ["a hexadecimal length", ["Content-Length: 0x3"]],
    ["an empty length", ["Content-Length:"]],
    ["a length of sixteen digits", ["Content-Length: 1234567890123456"]],
    ["a folded line", ["X: a", " b"]],
    ["a blank before the colon", ["X : a"]],
    ["no colon", ["X"]],
    ["an empty name", [": a"]],
    ["a NUL in a value", ["X: a\u0000b"]],
    ["a bare LF in a value", ["X: a\nb"]],
    ["a bare CR in a value", ["X: a\rb"]],
    ["a byte above 126 in a value", ["X: caf\u00e9"]],
    ["a byte above 126 in a name", ["X\u00e9: a"]],
    ["Expect", ["Expect: 100-continue"]],
    ["Upgrade", ["Upgrade: h2c"]],
    ["Trailer", ["Trailer: X"]],
    ["Proxy-Connection", ["Proxy-Connection: close"]],
    ["a Connection that names a field", ["Connection: close, X"]],
    ["HTTP/1.0", [], "POST / HTTP/1.0\r\n"],
    ["HTTP/2.0", [], "POST / HTTP/2.0\r\n"],
    ["no version", [], "POST /\r\n"],
    ["a lower-case method", [], "post / HTTP/1.1\r\n"],
    ["an unknown method", [], "PST / HTTP/1.1\r\n"],
    ["an absolute target", [], "POST http://a/ HTTP/1.1\r\n"],
    ["the target *", [], "POST * HTTP/1.1\r\n"],
    ["two blanks after the method", [], "POST  / HTTP/1.1\r\n"],
    ["two blanks before the version", [], "POST /  HTTP/1.1\r\n"],
    ["a blank at the end of the first line", [], "POST / HTTP/1.1 \r\n"],
    ["a control byte in the target", [], "POST /a\tb HTTP/1.1\r\n"],
    ["no target", [], "POST HTTP/1.1\r\n"],
    ["an empty first line", [], "\r\nPOST / HTTP/1.1\r\n"],
  ];
  test.each(cases)("%s", (_name, fields, first) => {
    expect(read(["Host: a", ...fields], first)).toBeUndefined();
  });

  test("no Host", () => {
    expect(read(["X: a"])).toBeUndefined();
  });

  test("more fields than allowed", () => {
    const fields = ["Host: a", ...Array.from({ length: 100 }, (_, i) => `X-${i}: a`)];
    expect(read(fields.slice(0, 100))?.headers).toHaveLength(200);
    expect(read(fields)).toBeUndefined();
  });

  test("a last line without its CRLF", () => {
    expect(parseRequestHead(`${line}Host: a`, 100)).toBeUndefined();
  });
});

describe("laws", () => {
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/);
  const value = fc.stringMatching(/^(?:[!-~](?:[ -~]{0,20}[!-~])?)?$/);
  const plain = new Set([
    "content-length",
    "transfer-encoding",
    "expect",
    "upgrade",
    "trailer",
    "connection",
    "proxy-connection",
    "host",
  ]);

  test("fields come back as they were written", () => {
    const field = fc.tuple(
      name.filter((text) => !plain.has(text.toLowerCase())),
      value,
    );
    fc.assert(
      fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
        const head = read(["Host: a", ...fields.map(([n, v]) => `${n}: ${v}`)]);
        expect(head?.headers).toEqual(["Host", "a", ...fields.flat()]);
      }),
    );
  });

  test("no byte string makes it throw", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const head = parseRequestHead(`${line}${text}`, 100);
        expect(head === undefined || head.contentLength >= 0).toBe(true);
      }),
    );
  });
});
