import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Utf8Reads } from "./utf8.ts";

/** Whether every read was taken, and none ends inside a character. */
function reads(pieces: readonly Buffer[]): boolean {
  const utf8 = new Utf8Reads();
  const shared = Buffer.alloc(256);
  for (const piece of pieces) {
    shared.fill(0xff);
    piece.copy(shared);
    if (utf8.feed(shared.subarray(0, piece.length)) < piece.length) return false;
  }
  return !utf8.isCut;
}

describe("UTF-8 in reads", () => {
  it("any bytes in any reads are judged as the whole of them would be", () => {
    const text = fc.string({ unit: "binary", maxLength: 20 }).map((s) => Buffer.from(s));
    const noise = fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes));
    const some = fc.tuple(text, noise, text).map((parts) => Buffer.concat(parts));
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 5 }), (bytes, size) => {
        const pieces: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
        expect(reads(pieces)).toBe(isUtf8(bytes));
      }),
      { numRuns: 500 },
    );
  });

  it("a character cut at the end is told apart from one that cannot be", () => {
    const utf8 = new Utf8Reads();
    expect([utf8.feed(Buffer.from([0xf0, 0x9f])), utf8.isCut]).toEqual([2, true]);
    expect([utf8.feed(Buffer.from([0x8c, 0x8d])), utf8.isCut]).toEqual([2, false]);
    expect(utf8.feed(Buffer.from([0xff]))).toBe(0);
  });

  it("what is still good before the first bad byte is told exactly", () => {
    for (const good of ["", "a", "Ä", "漢🌍", "x".repeat(1000)]) {
      const start = Buffer.from(good);
      const bytes = Buffer.concat([start, Buffer.from([0xff, 0x41])]);
      expect(new Utf8Reads().feed(bytes)).toBe(start.length);
    }
    const utf8 = new Utf8Reads();
    utf8.feed(Buffer.from([0x41, 0xc3]));
    expect(utf8.feed(Buffer.from([0x28, 0x41]))).toBe(0);
  });
});
