import type { BehaviourId } from "@loadline/testkit";
import type { Variant } from "./subject.ts";

/** Least and most. */
export type Range = readonly [number, number];

/** What must be seen of one request. */
export interface Expected {
  readonly status: number;
  /**
   * `B`: a whole answer of B and no byte of A; `A`: a whole answer of A; `error`: an error body;
   * `cut`: chunks of A, one error event, nothing after it.
   */
  readonly answer: "A" | "B" | "error" | "cut" | "resumed" | "left";
  /** Chunks of A before the error event. */
  readonly chunks?: number;
  /** Loadline's codes, any of them. */
  readonly codes?: readonly string[];
  readonly hits: { readonly a: Range; readonly b: Range };
  /** The end comes this many timers after the request, +-100 ms and what the machine takes. */
  readonly timers?: number;
  readonly retryAfter?: number;
  /** Loadline's `x-loadline-usage`. */
  readonly usage?: string;
  /** How Loadline's breakers are told about A. */
  readonly classes?: readonly string[];
  /** Output tokens Loadline books per request, by source. */
  readonly settled?: { readonly [source: string]: Range };
}

export interface Row {
  readonly id: string;
  readonly does: string;
  readonly variant: Variant;
  readonly a: BehaviourId;
  readonly b?: BehaviourId;
  /** A answers well from its second request on. */
  readonly isOnce?: boolean;
  /** A body in place of the usual one; `{model}` and `{stream}` are filled in. */
  readonly body?: string;
  /** The client leaves: once A (or B) has the request, or a first chunk arrived. */
  readonly leavesAt?: "a" | "b";
  /** Between repetitions, ms: what the upstream's Retry-After asks for. */
  readonly restMs?: number;
  readonly plain?: Expected;
  readonly stream?: Expected;
}

const once: Range = [1, 1];
const never: Range = [0, 0];
const atMostOnce: Range = [0, 1];
const both = { a: once, b: once };
const onlyA = { a: once, b: never };
const twelve: Range = [12, 12];
const settledByB = { provider: twelve };
const fromB: Expected = { status: 200, answer: "B", hits: both, settled: settledByB };
const quietA: Expected = { ...fromB, hits: { a: atMostOnce, b: once } };
const lateB: Expected = { ...fromB, timers: 1 };

function cut(...codes: string[]): Expected {
  const settled = { estimated: [10, 10] } as const;
  return { status: 200, answer: "cut", chunks: 10, codes, hits: onlyA, settled };
}

const failed = (status: number, code: string, a: Range, b: Range): Expected => ({
  status,
  answer: "error",
  codes: [code],
  hits: { a, b },
  settled: {},
});
const left: Expected = {
  status: 200,
  answer: "left",
  hits: onlyA,
  classes: ["aborted"],
  settled: { estimated: [1, 200] },
};
const leftAtB: Expected = { status: 200, answer: "left", hits: { a: once, b: atMostOnce } };

function bad(id: string, does: string, body: string): Row {
  const expected = {
    status: 400,
    answer: "error",
    codes: ["LL_BODY_INVALID_JSON", "LL_BODY_FIELD", "LL_BODY_DUPLICATE_KEY"],
    hits: { a: never, b: never },
  } as const;
  const row = { id, does, variant: "pair", a: "good", body } as const;
  return { ...row, plain: expected, stream: expected };
}

function before(id: string, does: string, a: BehaviourId, expected: Expected = quietA): Row {
  const classes = classesOf[a];
  const both = { ...expected, ...(classes && { classes }) };
  const variant = expected.timers === undefined ? "pair" : "timed";
  return { id, does, variant, a, plain: both, stream: both };
}

/** How each behaviour is to be told to the breaker of A, where the table says failure or neutral. */
const classesOf: Readonly<Partial<Record<BehaviourId, readonly string[]>>> = {
  status500: ["server"],
  cutByReset: ["reset"],
  cutByFin: ["reset", "protocol"],
  stall: ["timeout", "stall"],
  errorSecond: ["server", "bad_body"],
  busy1: ["rate_limited"],
  silent: ["timeout"],
  refuse: ["connect"],
  resetOnAccept: ["reset", "connect"],
  dripHead: ["timeout"],
  headSilence: ["timeout"],
  badFirstEvent: ["bad_event", "bad_body"],
  doneOnly: ["bad_body"],
  noContent: ["stream_cut", "bad_body"],
  wrongLength: ["protocol", "reset"],
  html200: ["bad_body"],
  errorJson200: ["bad_body"],
  badEvent: ["bad_event", "bad_body"],
  badChunk: ["protocol"],
};

/** The rows of the fault table: route A then B, B good unless named. */
export const rows: readonly Row[] = [
  before("1", "500 before any byte", "status500", fromB),
  {
    ...before("2a", "RST after 10 chunks", "cutByReset", fromB),
    stream: { ...cut("LL_STREAM_CUT"), classes: ["reset", "protocol", "stream_cut"] },
  },
  {
    ...before("2b", "FIN without end after 10 chunks", "cutByFin", fromB),
    stream: { ...cut("LL_STREAM_CUT"), classes: ["reset", "protocol", "stream_cut"] },
  },
  {
    ...before("3", "stall after 10 chunks", "stall", lateB),
    stream: { ...cut("LL_STREAM_STALL"), timers: 1, classes: ["stall"] },
  },
  before("4", "200, error object as second event", "errorSecond", fromB),
  { ...before("5a", "429, Retry-After 1", "busy1", fromB), restMs: 1100 },
  {
    id: "5b",
    does: "429, Retry-After 1, without B",
    variant: "alone",
    a: "busy1",
    isOnce: true,
    restMs: 1100,
    plain: { status: 200, answer: "A", hits: { a: [2, 2], b: never } },
    stream: { status: 200, answer: "A", hits: { a: [2, 2], b: never } },
  },
  before("6", "accepts, never answers", "silent", lateB),
  {
    id: "7",
    does: "client leaves mid-answer",
    variant: "pair",
    a: "paced",
    leavesAt: "a",
    plain: left,
    stream: left,
  },
  bad("8a", "malformed JSON", '{"model":"{model}","stream":{stream},"messages":['),
  bad("8b", "wrong type", '{"model":"{model}","stream":{stream},"messages":"hi"}'),
  bad("8c", "duplicate model", '{"model":"{model}","model":"x","stream":{stream},"messages":[]}'),
  before("9a", "refuses", "refuse"),
  before("9b", "RST on accept", "resetOnAccept"),
  { ...before("9c", "TLS error", "good"), variant: "tls" },
  before("9d", "head dripped 1 B/s", "dripHead", { ...quietA, timers: 1 }),
  before("9e", "head, then silence", "headSilence", { ...quietA, timers: 1 }),
  before("9f", "unparsable first event", "badFirstEvent"),
  before("9g", "[DONE] without content", "doneOnly"),
  before("9h", "end without finish", "noContent"),
  before("9i", "wrong length", "wrongLength"),
  before("9j", "HTML under 200", "html200"),
  before("9k", "error JSON under 200", "errorJson200"),
  {
    ...before("10a", "unparsable event after 10 chunks", "badEvent", fromB),
    stream: cut("LL_STREAM_BAD_EVENT", "LL_STREAM_CUT"),
  },
  {
    id: "10b",
    does: "[DONE] without finish after 10 chunks",
    variant: "pair",
    a: "earlyDone",
    stream: cut("LL_STREAM_BAD_EVENT", "LL_STREAM_CUT"),
  },
  {
    ...before("10c", "bad chunk size after 10 chunks", "badChunk", fromB),
    stream: cut("LL_STREAM_BAD_EVENT", "LL_STREAM_CUT"),
  },
  {
    id: "10d",
    does: "event of 2 MiB after 10 chunks",
    variant: "pair",
    a: "largeEvent",
    stream: cut("LL_STREAM_BAD_EVENT", "LL_STREAM_CUT"),
  },
  {
    id: "11",
    does: "usage missing",
    variant: "pair",
    a: "noUsage",
    plain: { status: 200, answer: "A", hits: onlyA, usage: "estimated" },
    stream: { status: 200, answer: "A", hits: onlyA, settled: { estimated: twelve } },
  },
  {
    id: "D1a",
    does: "A 500, B 500",
    variant: "pair",
    a: "status500",
    b: "status500",
    plain: failed(502, "LL_UPSTREAM_FAILED", once, once),
    stream: failed(502, "LL_UPSTREAM_FAILED", once, once),
  },
  {
    id: "D1b",
    does: "both: error event in the preamble",
    variant: "pair",
    a: "errorSecond",
    b: "errorSecond",
    plain: failed(502, "LL_UPSTREAM_FAILED", once, once),
    stream: failed(502, "LL_UPSTREAM_FAILED", once, once),
  },
  {
    id: "D2",
    does: "A refuses, B silent",
    variant: "timed",
    a: "refuse",
    b: "silent",
    plain: { ...failed(504, "LL_UPSTREAM_TIMEOUT", never, once), timers: 1 },
    stream: { ...failed(504, "LL_UPSTREAM_TIMEOUT", never, once), timers: 1 },
  },
  {
    id: "D3",
    does: "A 429 (7 s), B 429 (3 s)",
    variant: "pair",
    a: "busy7",
    b: "busy3",
    restMs: 7100,
    plain: { ...failed(429, "LL_UPSTREAM_BUSY", once, once), retryAfter: 3 },
    stream: { ...failed(429, "LL_UPSTREAM_BUSY", once, once), retryAfter: 3 },
  },
  {
    id: "D5",
    does: "row 2 with resume, then B dies too",
    variant: "resume",
    a: "cutByReset",
    b: "cutByReset",
    stream: {
      ...cut("LL_STREAM_CUT"),
      answer: "resumed",
      hits: both,
      settled: { estimated: [20, 20] },
    },
  },
  {
    id: "D6",
    does: "A 500, client leaves while B starts",
    variant: "pair",
    a: "status500",
    b: "silent",
    leavesAt: "b",
    plain: leftAtB,
    stream: leftAtB,
  },
  {
    id: "D7",
    does: "keep-alive sent, then A and B die",
    variant: "keep-alive",
    a: "dieLate",
    b: "dieLate",
    stream: {
      status: 200,
      answer: "cut",
      chunks: 0,
      codes: ["LL_UPSTREAM_FAILED"],
      hits: both,
    },
  },
];
