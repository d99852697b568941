import { type DialectName, vocabulary, type Words } from "./words.ts";
import { type Transport, transports, type Wire } from "./transport.ts";

/** What a parser must find. Stamps are numbers of reads (0 is the head), null: there is none. */
export interface Expected {
  readonly outcome: string;
  /** First content event, first that is not reasoning alone, last one; end marker of an ok one. */
  readonly first: number | null;
  readonly firstOutput: number | null;
  readonly last: number | null;
  readonly done: number | null;
  readonly events: number;
  /** Most content events that end in one read. */
  readonly eventsPerReadMax: number;
  /** Null: unknown. */
  readonly tokens: number | null;
}

/** One trap in one dialect, as bytes. */
export interface TrapCase extends Wire {
  readonly id: string;
  readonly dialect: DialectName;
  readonly expected: Expected;
  /** Outcome where the last byte comes in a read of its own, when that differs. */
  readonly lateOutcome?: string;
}

interface Trap {
  readonly name: string;
  /** The parts of the body, one per read; null: the dialect has no such thing. */
  readonly parts: (w: Words) => readonly (string | Buffer | null)[];
  readonly expected: Expected;
  readonly transport?: Transport;
  readonly lateOutcome?: string;
}

const good: Expected = {
  outcome: "ok",
  first: 1,
  firstOutput: 1,
  last: 1,
  done: 2,
  events: 1,
  eventsPerReadMax: 1,
  tokens: null,
};
const bad = (outcome: string, e: Partial<Expected> = {}): Expected => ({
  ...good,
  done: null,
  ...e,
  outcome,
});
const nothing: Partial<Expected> = {
  first: null,
  firstOutput: null,
  last: null,
  events: 0,
  eventsPerReadMax: 0,
};

const between = (text: string, at: (whole: Buffer) => number): Buffer[] => {
  const whole = Buffer.from(text);
  const cut = at(whole);
  return [whole.subarray(0, cut), whole.subarray(cut)];
};
const earth = "Ä🌍";

const traps: readonly Trap[] = [
  {
    name: "a role and an empty delta come before the first text",
    parts: (w) => [w.start, w.emptyText, w.text("a"), w.text("b"), w.end(2)],
    expected: { ...good, first: 3, firstOutput: 3, last: 4, done: 5, events: 2, tokens: 2 },
  },
  {
    name: "a chunk of usage alone, its choices empty",
    parts: (w) => [w.start + w.text("a"), w.usage(3), w.end(null)],
    expected: { ...good, done: 3, tokens: 3 },
  },
  {
    name: "comments, keep-alives and pings",
    parts: (w) => [
      ": keep-alive\n\n:\n\n",
      "event: ping\n\nid: 7\nretry: 10\n\n",
      w.start + w.text("a"),
      ": x\n\n",
      w.end(1),
    ],
    expected: { ...good, first: 3, firstOutput: 3, last: 3, done: 5, tokens: 1 },
  },
  {
    name: "line ends of CR and LF",
    parts: (w) => [w.start + w.text("a"), w.end(1)].map((part) => part.replaceAll("\n", "\r\n")),
    expected: { ...good, tokens: 1 },
  },
  {
    name: "line ends of CR alone",
    parts: (w) => [w.start + w.text("a"), w.end(1)].map((part) => part.replaceAll("\n", "\r")),
    expected: { ...good, tokens: 1 },
  },
  {
    name: "data without a space after its colon",
    parts: (w) =>
      [w.start + w.text("a"), w.end(1)].map((part) => part.replaceAll("data: ", "data:")),
    expected: { ...good, tokens: 1 },
  },
  {
    name: "a character split over reads",
    parts: (w) => [
      w.start,
      ...between(w.text(earth), (whole) => whole.indexOf("🌍") + 2),
      w.end(1),
    ],
    expected: { ...good, first: 3, firstOutput: 3, last: 3, done: 4, tokens: 1 },
  },
  {
    name: "an event split over reads, its empty line in the second",
    parts: (w) => [w.start, ...between(w.text("a"), (whole) => whole.length - 1), w.end(1)],
    expected: { ...good, first: 3, firstOutput: 3, last: 3, done: 4, tokens: 1 },
  },
  {
    name: "many events in one read",
    parts: (w) => [w.start, Array.from({ length: 10 }, () => w.text("a")).join(""), w.end(10)],
    expected: {
      ...good,
      first: 2,
      firstOutput: 2,
      last: 2,
      done: 3,
      events: 10,
      eventsPerReadMax: 10,
      tokens: 10,
    },
  },
  {
    name: "many tokens in one event",
    parts: (w) => [w.start + w.text("one two three"), w.text(" four five"), w.end(12)],
    expected: { ...good, last: 2, done: 3, events: 2, tokens: 12 },
  },
  {
    name: "reasoning before text",
    parts: (w) => [w.start, w.reasoning("hm"), w.reasoning("so"), w.text("a"), w.end(9)],
    expected: { ...good, first: 2, firstOutput: 4, last: 4, done: 5, events: 3, tokens: 9 },
  },
  {
    name: "reasoning under its other name, and nothing else",
    parts: (w) => [w.start, w.reasoningTwin, w.end(4)],
    expected: { ...good, first: 2, firstOutput: null, last: 2, done: 3, tokens: 4 },
  },
  {
    name: "a tool's name and arguments, no text",
    parts: (w) => [w.start, w.toolName, w.toolArguments, w.finish + w.end(7)],
    expected: { ...good, first: 2, firstOutput: 2, last: 3, done: 4, events: 2, tokens: 7 },
  },
  {
    name: "content on the second choice only",
    parts: (w) => [w.start, w.secondChoice, w.end(1)],
    expected: { ...good, first: 2, firstOutput: 2, last: 2, done: 3, tokens: 1 },
  },
  {
    name: "a refusal",
    parts: (w) => [w.start, w.refusal, w.end(1)],
    expected: { ...good, first: 2, firstOutput: 2, last: 2, done: 3, tokens: 1 },
  },
  {
    name: "audio",
    parts: (w) => [w.start, w.audio, w.end(1)],
    expected: { ...good, first: 2, firstOutput: 2, last: 2, done: 3, tokens: 1 },
  },
  {
    name: "an error after 200",
    parts: (w) => [w.start + w.text("a"), w.error],
    expected: bad("stream_error"),
  },
  {
    name: "an error after 200, then an end marker",
    parts: (w) => [w.start + w.text("a"), w.error, w.end(1)],
    expected: bad("stream_error"),
  },
  {
    name: "an event of type error that is no JSON",
    parts: (w) => [w.start, "event: error\ndata: gone\n\n"],
    expected: bad("stream_error", nothing),
  },
  {
    name: "no end marker",
    parts: (w) => [w.start + w.text("a"), w.finish],
    expected: bad("stream_truncated"),
  },
  {
    name: "no end marker, the body ended by the connection",
    parts: (w) => [w.start + w.text("a"), w.finish],
    transport: "close-delimited",
    expected: bad("stream_truncated"),
  },
  {
    name: "an end marker without its empty line",
    parts: (w) => [w.start + w.text("a"), w.end(null).replace(/\n$/, "")],
    transport: "close-delimited",
    expected: bad("stream_truncated"),
  },
  {
    name: "the connection dies inside the stream",
    parts: (w) => [w.start + w.text("a"), w.text("b")],
    transport: "cut",
    expected: bad("reset", { last: 2, events: 2 }),
  },
  {
    name: "usage absent",
    parts: (w) => [w.start + w.text("a"), w.text("b"), w.end(null)],
    expected: { ...good, last: 2, done: 3, events: 2 },
  },
  {
    name: "usage told cumulatively",
    parts: (w) => [w.start, w.textWithUsage("a", 1), w.textWithUsage("b", 5), w.end(null)],
    expected: { ...good, first: 2, firstOutput: 2, last: 3, done: 4, events: 2, tokens: 5 },
  },
  {
    name: "a last chunk without content",
    parts: (w) => [w.start + w.text("a"), w.finish, w.end(1)],
    expected: { ...good, done: 3, tokens: 1 },
  },
  {
    name: "a delta of a signature alone",
    parts: (w) => [w.start, w.signature, w.text("a"), w.end(1)],
    expected: { ...good, first: 3, firstOutput: 3, last: 3, done: 4, tokens: 1 },
  },
  {
    name: "content behind the end marker",
    parts: (w) => [w.start + w.text("a"), w.end(1), w.text("b") + w.text("c")],
    expected: { ...good, tokens: 1 },
  },
  {
    name: "an event that is no JSON",
    parts: (w) => [w.start, "data: {oops\n\n", w.end(1)],
    expected: bad("protocol", nothing),
  },
  {
    name: "an end marker and nothing else",
    // A dialect whose marker is an event of its own kind shows itself by it.
    parts: (w) => [w.usage(1) === null ? null : w.end(null)],
    expected: bad("protocol", nothing),
  },
  {
    name: "an empty stream",
    parts: () => [": nothing\n\n"],
    expected: bad("stream_truncated", nothing),
  },
  {
    name: "a body of JSON instead of a stream",
    parts: () => ['{"choices":[{"message":{"content":"a"}}]}'],
    transport: "JSON answer",
    expected: bad("protocol", nothing),
  },
  ...(
    ["chunk extensions", "trailers", "close-delimited", "exact length", "1xx first"] as const
  ).map((transport): Trap => ({
    name: `a good stream by ${transport}`,
    parts: (w) => [w.start, w.text("a"), w.text("b"), w.end(2)],
    transport,
    expected: { ...good, first: 2, firstOutput: 2, last: 3, done: 4, events: 2, tokens: 2 },
  })),
  {
    name: "a length one byte short",
    parts: (w) => [w.start + w.text("a"), w.end(null)],
    transport: "short length",
    expected: bad("protocol"),
    // By its length the body ended one byte before the marker was whole.
    lateOutcome: "stream_truncated",
  },
  {
    name: "a length one byte long, then the end",
    parts: (w) => [w.start + w.text("a"), w.end(1)],
    transport: "long length",
    expected: bad("reset", { tokens: 1 }),
  },
  {
    name: "a chunk longer than its size",
    parts: (w) => [w.start + w.text("a"), w.end(1)],
    transport: "chunk size lie",
    expected: bad("protocol", nothing),
  },
];

/** Every trap in every dialect that can say it. */
export function corpus(): TrapCase[] {
  const names: readonly DialectName[] = ["chat", "completions", "responses", "messages"];
  return names.flatMap((dialect) =>
    traps.flatMap((trap): TrapCase[] => {
      const parts: Buffer[] = [];
      for (const part of trap.parts(vocabulary[dialect])) {
        if (part === null) return [];
        parts.push(Buffer.from(part));
      }
      const wire = transports[trap.transport ?? "chunked"](parts);
      const { expected, lateOutcome } = trap;
      const late = lateOutcome === undefined ? {} : { lateOutcome };
      return [{ id: `${dialect}: ${trap.name}`, dialect, ...wire, expected, ...late }];
    }),
  );
}

/** The same bytes, head, body and end, in one read. */
export function inOneRead(trap: TrapCase): Wire {
  return { reads: [Buffer.concat(trap.reads)], closes: trap.closes };
}
