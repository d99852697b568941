import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventSplitter } from "./splitter.ts";

const text = fc.array(
  fc.constantFrom("a", "é", "data: x", "\n", "\n\n", "\r\n\r\n", "\r\n", "\r", ": c\n\n"),
  { maxLength: 60 },
);

/** The events of a stream, cut at these places, as texts; then what is left. */
function eventsOf(pieces: readonly Buffer[]): { events: string[]; heldBytes: number } {
  const splitter = new EventSplitter();
  const views: Buffer[] = [];
  for (const piece of pieces) {
    const { bytes, ends } = splitter.push(piece);
    let from = 0;
    for (const end of ends) {
      views.push(bytes.subarray(from, end));
      from = end;
    }
  }
  // Read only now: what came later has not overwritten them.
  return { events: views.map((view) => view.toString()), heldBytes: splitter.heldBytes };
}

describe("events of a byte stream", () => {
  it("are the same wherever the stream is cut, and no byte of them changes later", () => {
    const law = fc.property(
      text,
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      (words, steps) => {
        const whole = Buffer.from(words.join(""));
        const pieces: Buffer[] = [];
        for (let at = 0; at < whole.length;) {
          const step = steps.next().value ?? 1;
          pieces.push(Buffer.from(whole.subarray(at, at + step)));
          at += step;
        }
        expect(eventsOf(pieces)).toEqual(eventsOf(whole.length > 0 ? [whole] : []));
      },
    );
    fc.assert(law, { seed: 20_261_122, numRuns: 300 });
  });

  it("begin behind a byte order mark, which is no part of the first and stands nowhere else", () => {
    const whole = Buffer.from("\uFEFFdata: a\n\n\uFEFFdata: b\n\n");
    const bytes = Array.from(whole, (byte) => Buffer.from([byte]));
    for (const pieces of [[whole], bytes, [whole.subarray(0, 2), whole.subarray(2)]])
      expect(eventsOf(pieces).events).toEqual(["data: a\n\n", "\uFEFFdata: b\n\n"]);
  });

  it("the pieces that come are left as they were", () => {
    const splitter = new EventSplitter();
    const first = Buffer.from("data: a");
    splitter.push(first.subarray(0, 4));
    splitter.push(Buffer.from("XYZ"));
    expect(first.toString()).toBe("data: a");
  });

  it("an event that comes byte by byte costs a multiple of its length, not its square", () => {
    const copied: number[] = [];
    const splitter = new EventSplitter();
    const byte = Buffer.from("a");
    let before: ArrayBufferLike | undefined;
    for (let i = 0; i < 300_000; i++) {
      const { bytes } = splitter.push(byte);
      if (bytes.buffer !== before) copied.push(bytes.length);
      before = bytes.buffer;
    }
    // A new memory means that all that is held was copied.
    expect(copied.reduce((sum, length) => sum + length, 0)).toBeLessThan(2 * 300_000 + 64);
    expect(splitter.heldBytes).toBe(300_000);
  });
});
