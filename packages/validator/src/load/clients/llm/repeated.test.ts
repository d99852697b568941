import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Seen } from "./dialect.ts";
import { dialects } from "./llm-client.ts";
import { RepeatedEvent } from "./repeated.ts";

type Kind = keyof typeof dialects;

const event = (kind: Kind, text: unknown, more: Record<string, unknown> = {}): string => {
  switch (kind) {
    case "chat":
      return JSON.stringify({
        id: "x",
        choices: [{ index: 0, delta: { content: text } }],
        ...more,
      });
    case "completions":
      return JSON.stringify({ id: "x", choices: [{ index: 0, text }], ...more });
    case "responses":
      return JSON.stringify({ type: "response.output_text.delta", delta: text, ...more });
    case "messages":
      return JSON.stringify({
        type: "content_block_delta",
        delta: { type: "text_delta", text },
        ...more,
      });
  }
};

const found = (seen: Seen): unknown[] => [
  seen.answer,
  seen.content,
  seen.tokens,
  seen.ended,
  seen.fault,
  seen.text,
];

type Way = (repeated: RepeatedEvent, data: string, seen: Seen) => boolean;

const asText: Way = (repeated, data, seen) => repeated.read(data, "message", seen);

/** The bytes lie within others, as they do in a read. */
const asBytes: Way = (repeated, data, seen) => {
  const bytes = Buffer.from(`ab${framed(data)}data:`);
  return repeated.readBytes(bytes, 2, bytes.length - 5, seen);
};

const framed = (data: string): string => `data: ${data}\n\n`;

/** What is found in each event, and how many were read by their shape alone. */
function read(
  kind: Kind,
  events: readonly string[],
  shortly: Way = asText,
): [found: unknown[][], short: number] {
  const repeated = new RepeatedEvent();
  const seen = new Seen(true);
  let short = 0;
  const all = events.map((data) => {
    seen.clear();
    if (shortly(repeated, data, seen)) short++;
    else {
      dialects[kind].readEvent(data, "message", seen);
      repeated.learn(data, "message", seen);
    }
    return found(seen);
  });
  return [all, short];
}

const whole = (kind: Kind, events: readonly string[]): unknown[][] =>
  events.map((data) => {
    const seen = new Seen(true);
    dialects[kind].readEvent(data, "message", seen);
    return found(seen);
  });

const kinds = ["chat", "completions", "responses"] as const;

describe("events that repeat themselves", () => {
  it.each(kinds)("%s: all but the first are read by what differs", (kind) => {
    const events = ["one", " two", "", "drei ä🌍", "x"].map((text) => event(kind, text));
    const [all, short] = read(kind, events);
    expect(all).toEqual(whole(kind, events));
    expect(short).toBe(4);
  });

  it("messages: a delta shows no dialect by itself, so each is read whole", () => {
    const events = ["a", "b"].map((text) => event("messages", text));
    expect(read("messages", events)).toEqual([whole("messages", events), 0]);
  });

  it("any events are found to say what a whole reading says", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 8 }),
      fc.constantFrom('"', "\\", '"},{"', "x", "message", "id", "", "\t"),
      fc.constant(null),
    );
    const more = fc.constantFrom(
      {},
      { usage: { completion_tokens: 3, output_tokens: 3 } },
      { error: { message: "x" } },
      { choices: [] },
      { twin: "x" },
    );
    const broken = fc.constantFrom(
      (data: string) => data,
      (data: string) => data.slice(1),
    );
    const one = fc.tuple(text, more, broken, fc.integer({ min: 0, max: 9 }));
    fc.assert(
      fc.property(fc.constantFrom(...kinds), fc.array(one, { maxLength: 20 }), (kind, list) => {
        const events = list.map(([value, fields, breaking, odd]) =>
          odd === 0
            ? breaking(event(kind, value, fields))
            : event(kind, value, odd < 3 ? fields : {}),
        );
        expect(read(kind, events)[0]).toEqual(whole(kind, events));
        expect(read(kind, events, asBytes)[0]).toEqual(whole(kind, events));
      }),
      { numRuns: 1000 },
    );
  });

  it("raw bytes between the same texts that are no plain string are read whole", () => {
    const good = event("chat", "abc");
    for (const bad of ['a"c', "a\\", "a\tc", '"],"x":["', "a\\u0041"]) {
      const events = [good, good.replace("abc", bad), good];
      expect(read("chat", events)[0]).toEqual(whole("chat", events));
      expect(read("chat", events, asBytes)).toEqual([whole("chat", events), 1]);
    }
  });

  it("bytes of the same shape are read by what differs; none but ASCII, and no other framing", () => {
    const events = ["one", " two", "", "drei ä", "x~ "].map((text) => event("chat", text));
    expect(read("chat", events, asBytes)).toEqual([whole("chat", events), 3]);
    const repeated = new RepeatedEvent();
    const seen = new Seen(true);
    dialects.chat.readEvent(event("chat", "a"), "message", seen);
    repeated.learn(event("chat", "a"), "message", seen);
    const takes = (text: string): boolean => {
      const bytes = Buffer.from(text);
      return repeated.readBytes(bytes, 0, bytes.length, seen);
    };
    const data = event("chat", "b");
    expect(takes(framed(data))).toBe(true);
    for (const other of [`data:${data}\n\n`, `data: ${data}\r\n\r\n`, `data: ${data}\n`, data, ""])
      expect(takes(other)).toBe(false);
    expect(takes(`event: x\n${framed(data)}`)).toBe(false);
    expect(takes(framed(data) + framed(data))).toBe(false);
  });

  it("an event of several lines is no shape: its later lines without framing would be no data", () => {
    const lines = (text: string): string => event("chat", text).replace("{", "{\n");
    expect(read("chat", ["a", "b", "c"].map(lines))).toEqual([
      whole("chat", ["a", "b", "c"].map(lines)),
      0,
    ]);
    const repeated = new RepeatedEvent();
    const seen = new Seen(true);
    dialects.chat.readEvent(lines("a"), "message", seen);
    expect(seen.text).toBe("a");
    repeated.learn(lines("a"), "message", seen);
    const bytes = Buffer.from(framed(lines("b")));
    expect(repeated.readBytes(bytes, 0, bytes.length, seen)).toBe(false);
  });

  it("a stream that never repeats itself is not learned from for ever", () => {
    const events = Array.from({ length: 20 }, (_, i) => event("chat", `t${i}`, { at: i }));
    const again = events.slice(19).concat(event("chat", "u", { at: 19 }));
    const [, short] = read("chat", [...events, ...again]);
    expect(short).toBe(0);
  });
});
