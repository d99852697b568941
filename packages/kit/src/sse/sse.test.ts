import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSseParser } from "./index.ts";

type Event = readonly [data: string, type: string];

function read(
  pieces: readonly Uint8Array[],
  eventBytesMax = 1000,
): { events: Event[]; fails: string[] } {
  const events: Event[] = [];
  const fails: string[] = [];
  const parser = createSseParser(
    {
      event: (data, type) => void events.push([data, type]),
      fail: (detail) => void fails.push(detail),
    },
    { eventBytesMax },
  );
  const shared = Buffer.alloc(4096);
  for (const piece of pieces) {
    // A reader that reuses its buffer: what the parser keeps must be its own.
    shared.fill(0x21);
    shared.set(piece);
    parser.feed(shared.subarray(0, piece.length));
  }
  return { events, fails };
}

const cases: Record<string, { text: string; events: Event[] }> = {
  "LF line ends": {
    text: "data: a\n\ndata: b\n\n",
    events: [
      ["a", "message"],
      ["b", "message"],
    ],
  },
  "CRLF line ends": {
    text: "data: a\r\n\r\ndata: b\r\n\r\n",
    events: [
      ["a", "message"],
      ["b", "message"],
    ],
  },
  "CR line ends": {
    text: "data: a\r\rdata: b\r\r",
    events: [
      ["a", "message"],
      ["b", "message"],
    ],
  },
  "mixed line ends": {
    text: "data: a\r\ndata: b\n\rdata: c\r\n\n",
    events: [
      ["a\nb", "message"],
      ["c", "message"],
    ],
  },
  "data without a space": {
    text: "data:a\n\ndata:  b\n\n",
    events: [
      ["a", "message"],
      [" b", "message"],
    ],
  },
  "data of several lines": { text: "data: a\ndata\ndata: b\n\n", events: [["a\n\nb", "message"]] },
  "comments and keep-alives": {
    text: ": ping\n\n:\n\ndata: a\n: x\n\n",
    events: [["a", "message"]],
  },
  "an event type": {
    text: "event: error\ndata: {}\n\ndata: b\n\n",
    events: [
      ["{}", "error"],
      ["b", "message"],
    ],
  },
  "a type without data": { text: "event: ping\n\ndata: b\n\n", events: [["b", "message"]] },
  "unknown and lookalike fields": {
    text: "id: 1\nretry: 5\ndatabase: x\ndata: a\n\n",
    events: [["a", "message"]],
  },
  "characters of several bytes": {
    text: "data: Grüße 🌍 漢字\n\n",
    events: [["Grüße 🌍 漢字", "message"]],
  },
  "a byte order mark": { text: "\ufeffdata: a\n\n", events: [["a", "message"]] },
  "a cut event": { text: "data: a\n\ndata: b\n", events: [["a", "message"]] },
};

describe("sse parser", () => {
  for (const [name, c] of Object.entries(cases)) {
    it(`${name} read the same at every split point and byte by byte`, () => {
      const all = Buffer.from(c.text);
      expect(read([all]).events).toEqual(c.events);
      for (let at = 1; at < all.length; at++) {
        expect(read([all.subarray(0, at), all.subarray(at)]).events).toEqual(c.events);
      }
      expect(read(Array.from(all, (_, i) => all.subarray(i, i + 1))).events).toEqual(c.events);
    });
  }

  it("an event over the bound fails once, in one line, many lines or comments, split or not", () => {
    const long = Buffer.from(`data: ${"a".repeat(200)}`);
    const lines = Buffer.from("data: aaaaaaaaaaaaaaaaaaaa\n".repeat(10));
    const comments = Buffer.from(": aaaaaaaaaaaaaaaaaaaaaaaa\n".repeat(10));
    for (const bytes of [long, lines, comments]) {
      expect(read([bytes, Buffer.from("\n\ndata: b\n\n")], 100)).toEqual({
        events: [],
        fails: ["an event over 100 bytes"],
      });
      const single = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
      expect(read(single, 100).fails).toHaveLength(1);
    }
  });

  it("a field whose name only begins like one of ours is none: what was said before it stands", () => {
    const lines = ["event: a", "eventual: b", "event-x", "data: 1", "database: 2", "data"];
    expect(read([Buffer.from(`${lines.join("\n")}\n\n`)]).events).toEqual([["1\n", "a"]]);
  });

  it("many small events never meet the bound of one", () => {
    expect(read([Buffer.from("data: aaaaaaaa\n\n".repeat(200))], 50).events).toHaveLength(200);
  });

  it("partial tells a cut event from a whole stream, and reset forgets it", () => {
    const parser = createSseParser({ event: () => {}, fail: () => {} });
    parser.feed(Buffer.from("data: a\n\n"));
    expect(parser.partial).toBe(false);
    parser.feed(Buffer.from("data: b"));
    expect(parser.partial).toBe(true);
    parser.reset();
    expect(parser.partial).toBe(false);
  });

  it("between two events nothing is begun, of a line, of an event or of a line end", () => {
    const parser = createSseParser({ event: () => {}, fail: () => {} }, { eventBytesMax: 30 });
    const after = (text: string): boolean => {
      parser.feed(Buffer.from(text));
      return parser.isBetween;
    };
    expect(parser.isBetween).toBe(false);
    expect(after("data: a\n\n")).toBe(true);
    expect(after("event: x\n")).toBe(false);
    expect(after("\n")).toBe(true);
    expect(after("dat")).toBe(false);
    expect(after("a: b\r\n\r")).toBe(false);
    expect(after("\n: a comment\n")).toBe(false);
    expect(after("\n")).toBe(true);
    expect(after(`data: ${"a".repeat(40)}\n\n`)).toBe(false);
  });

  it("any text written as events is read back, whatever the read boundaries", () => {
    const line = fc
      .string({ unit: "grapheme", maxLength: 20 })
      .map((s) => s.replace(/[\r\n]/g, ""));
    const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 10 }), cuts, (texts, sizes) => {
        const all = Buffer.from(texts.map((text) => `data: ${text}\n\n`).join(""));
        const pieces: Buffer[] = [];
        for (let at = 0, i = 0; at < all.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          pieces.push(all.subarray(at, at + size));
          at += size;
        }
        expect(read(pieces).events.map(([data]) => data)).toEqual(texts);
      }),
      { numRuns: 200 },
    );
  });
});
