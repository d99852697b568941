import { TestClock } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createHeadEncoder } from "./encode.ts";

const framing = "content-length: 0\r\n";
const startMs = Date.UTC(2026, 0, 1);
const tail =
  "x-content-type-options: nosniff\r\ndate: Thu, 01 Jan 2026 00:00:00 GMT\r\n" +
  "connection: keep-alive\r\nkeep-alive: timeout=72\r\n\r\n";

function encoder(clock = new TestClock(startMs)) {
  return createHeadEncoder(clock, 72_500);
}

const plain = (headers: readonly string[]): string => {
  let lines = "";
  for (let i = 0; i < headers.length; i += 2) lines += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `HTTP/1.1 200 OK\r\n${lines}${framing}${tail}`;
};

const name = fc.stringMatching(/^[a-z][a-z-]{0,11}$/);
const value = fc.oneof(
  fc.constantFrom("", "1", "application/json"),
  fc.stringMatching(/^[\t -~\u0080-\u00ff]{0,20}$/),
);
const headerList = fc.array(fc.tuple(name, value), { maxLength: 70 });

describe("the head of an answer", () => {
  it("has its status line, its headers, the framing and the lines of every answer", () => {
    expect(encoder().encode(200, ["a", "1", "b", "2"], framing, true)).toBe(
      plain(["a", "1", "b", "2"]),
    );
    const closing = encoder().encode(404, [], framing, false);
    expect(closing.startsWith(`HTTP/1.1 404 Not Found\r\n${framing}`)).toBe(true);
    expect(closing.endsWith("connection: close\r\n\r\n")).toBe(true);
    expect(encoder().encode(299, [], framing, true)).toMatch(/^HTTP\/1\.1 299 Unknown\r\n/);
  });

  it("is the same whatever answers were written before", () => {
    fc.assert(
      fc.property(fc.array(headerList, { minLength: 1, maxLength: 8 }), (answers) => {
        const one = encoder();
        for (const answer of answers) {
          const headers = answer.flat();
          expect(one.encode(200, headers, framing, true)).toBe(plain(headers));
        }
      }),
    );
  });

  it("tells a name from another one with the same value, and values from each other", () => {
    const one = encoder();
    one.encode(200, ["a", "1"], framing, true);
    expect(one.encode(200, ["b", "1"], framing, true)).toBe(plain(["b", "1"]));
    expect(one.encode(200, ["b", "2"], framing, true)).toBe(plain(["b", "2"]));
    expect(one.encode(200, ["a", "1", "b", "2"], framing, true)).toBe(plain(["a", "1", "b", "2"]));
  });

  it("states the second it is written in", () => {
    const clock = new TestClock(startMs);
    const one = encoder(clock);
    one.encode(200, [], framing, true);
    clock.advance(999);
    expect(one.encode(200, [], framing, true)).toContain("date: Thu, 01 Jan 2026 00:00:00 GMT");
    clock.advance(1);
    expect(one.encode(200, [], framing, true)).toContain("date: Thu, 01 Jan 2026 00:00:01 GMT");
    expect(one.encode(200, [], framing, false)).toContain("date: Thu, 01 Jan 2026 00:00:01 GMT");
  });
});

describe("a value that would break out of its line", () => {
  const codeOf = (run: () => unknown): unknown => {
    try {
      return run();
    } catch (error) {
      return error instanceof LoadlineError ? error.code : error;
    }
  };

  it.each(["a\r\nset-cookie: b", "a\rb", "a\nb", "a\0b", "a\u007fb", "a\u0100b", "\u001f"])(
    "is refused and says nothing of itself: %j",
    (bad) => {
      const one = encoder();
      const run = (): string => one.encode(200, ["a", "1", "x-bad", bad], framing, true);
      expect(run).toThrow("x-bad");
      expect(run).not.toThrow(bad);
      expect(codeOf(run)).toBe("LL_INTERNAL_UNEXPECTED");
    },
  );

  it("is refused at every place, the first time and again, and the next answer is whole", () => {
    const one = encoder();
    for (const place of [0, 1, 63, 64, 80]) {
      const headers = Array.from({ length: 90 }, (_, i) => [`h${i}`, "1"]).flat();
      const bad = headers.with(place * 2 + 1, "1\n2");
      for (let i = 0; i < 2; i++)
        expect(codeOf(() => one.encode(200, bad, framing, true))).toBe("LL_INTERNAL_UNEXPECTED");
      expect(one.encode(200, headers, framing, true)).toBe(plain(headers));
    }
  });
});
