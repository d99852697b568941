import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RequestReader, type TargetRequest } from "./request.ts";

/** All requests of a text that comes in pieces, one ms after the other; "bad" ends it. */
function readAll(pieces: readonly string[]): (TargetRequest | "bad")[] {
  const reader = new RequestReader();
  const found: (TargetRequest | "bad")[] = [];
  pieces.forEach((piece, ms) => {
    reader.push(Buffer.from(piece, "latin1"), ms);
    for (let one = reader.next(ms); one !== null; one = reader.next(ms)) {
      found.push(one);
      if (one === "bad") return;
    }
  });
  return found;
}

const post = "POST /a?i=7 HTTP/1.1\r\nX-One:  1 \r\nContent-Length: 4\r\n\r\nbody";
const chunked =
  "PUT /b HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
const get = "GET /c HTTP/1.1\r\nhost: t\r\n\r\n";

const seen = (one: TargetRequest | "bad"): unknown =>
  one === "bad" ? one : [one.method, one.path, one.body.toString("latin1")];

describe("the reader of requests", () => {
  it("reads method, path, query, headers in lower case, and the body announced", () => {
    const [one] = readAll([post]);
    if (one === undefined || one === "bad") return expect.unreachable();
    expect([one.method, one.path, one.query.get("i")]).toEqual(["POST", "/a", "7"]);
    expect(one.headers.get("x-one")).toBe("1");
    expect(one.body.toString()).toBe("body");
  });

  it("finds the same requests wherever the bytes were cut", () => {
    const text = post + chunked + get;
    const whole = [
      ["POST", "/a", "body"],
      ["PUT", "/b", "abcde"],
      ["GET", "/c", ""],
    ];
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), (cuts) => {
        const edges = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const pieces = edges.slice(1).map((end, i) => text.slice(edges[i] ?? 0, end));
        expect(readAll(pieces).map(seen)).toEqual(whole);
      }),
    );
  });

  it("stamps a request with its first byte's arrival, not its last's", () => {
    const [one] = readAll(["PO", "ST / HTTP/1.1\r\n", "content-length: 1\r\n\r\n", "x"]);
    expect(one).toMatchObject({ arrivedMs: 0 });
  });

  it("stamps one that waited behind another with the moment it could be read", () => {
    const reader = new RequestReader();
    reader.push(Buffer.from(get + get), 5);
    expect(reader.next(6)).toMatchObject({ arrivedMs: 5 });
    expect(reader.next(9)).toMatchObject({ arrivedMs: 6 });
    expect(reader.next(9)).toBeNull();
  });

  it.each([
    ["another version", "GET / HTTP/1.0\r\n\r\n"],
    ["no path", "GET http://t/ HTTP/1.1\r\n\r\n"],
    ["an empty line in place of a request", "\r\n\r\n"],
    ["a header without a name", "GET / HTTP/1.1\r\n: x\r\n\r\n"],
    ["a header without a colon", "GET / HTTP/1.1\r\nhost\r\n\r\n"],
    ["a length that is no number", "GET / HTTP/1.1\r\ncontent-length: x\r\n\r\n"],
    ["a length below zero", "GET / HTTP/1.1\r\ncontent-length: -1\r\n\r\n"],
    ["a length over 16 MiB", "GET / HTTP/1.1\r\ncontent-length: 16777217\r\n\r\n"],
    ["a chunk size that is none", "GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"],
    ["a head without an end over 64 KiB", "x".repeat(65_537)],
  ])("%s is refused at once", (_, text) => {
    expect(readAll([text])).toEqual(["bad"]);
  });

  it("hands over what lies behind an upgrade once, and forgets it", () => {
    const reader = new RequestReader();
    reader.push(Buffer.from(`${get}frames`), 0);
    reader.next(0);
    expect(reader.rest().toString()).toBe("frames");
    expect(reader.rest()).toHaveLength(0);
  });
});
