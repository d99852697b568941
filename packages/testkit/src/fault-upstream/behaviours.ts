/** One thing an upstream does with a connection; body text is framed as the head announced. */
export type Step =
  /** `length`: announced bytes; absent: chunked. */
  | {
      readonly do: "head";
      readonly status: number;
      readonly type: "json" | "sse" | "html";
      readonly length?: number;
      readonly more?: readonly string[];
    }
  | { readonly do: "preamble" }
  /** Content events, `gapMs` apart. */
  | { readonly do: "content"; readonly count: number; readonly gapMs?: number }
  | { readonly do: "finish" }
  /** The usage event, when the request asked for it. */
  | { readonly do: "usage" }
  | { readonly do: "done" }
  | { readonly do: "body"; readonly text: string }
  /** A content event of this many bytes. */
  | { readonly do: "large"; readonly bytes: number }
  /** A whole completion; a part of it when `share` is below 1. */
  | { readonly do: "answer"; readonly share?: number; readonly hasUsage?: boolean }
  /** Bytes past all framing. */
  | { readonly do: "raw"; readonly text: string }
  /** A byte a second, for ever. */
  | { readonly do: "drip"; readonly text: string }
  | { readonly do: "wait"; readonly ms: number }
  /** The end of the body; the connection can be used again. */
  | { readonly do: "end" }
  | { readonly do: "fin" }
  | { readonly do: "rst" };

export interface Behaviour {
  readonly summary: string;
  /** Before any request: closes the port, or resets each connection. */
  readonly connect?: "refuse" | "rst";
  readonly stream: readonly Step[];
  /** Absent: what is not a stream has no such fault. */
  readonly plain?: readonly Step[];
}

const sse: Step = { do: "head", status: 200, type: "sse" };
const json: Step = { do: "head", status: 200, type: "json" };
const preamble: Step = { do: "preamble" };
const ten: Step = { do: "content", count: 10 };
const twelve: Step = { do: "content", count: 12 };
const finish: Step = { do: "finish" };
const usage: Step = { do: "usage" };
const done: Step = { do: "done" };
const end: Step = { do: "end" };
const rst: Step = { do: "rst" };
const fin: Step = { do: "fin" };
const half: Step = { do: "answer", share: 0.5 };
const answer: Step = { do: "answer" };
const announced: Step = { do: "head", status: 200, type: "json", length: 100_000 };
const errorEvent: Step = { do: "body", text: "data: {error}\n\n" };
const errorBody: Step = { do: "body", text: "{error}" };
const bodyOf = (text: string): Step => ({ do: "body", text });

function status(code: number, ...more: string[]): Pick<Behaviour, "stream" | "plain"> {
  const steps: Step[] = [{ do: "head", status: code, type: "json", more }, errorBody, end];
  return { stream: steps, plain: steps };
}

const nothing = { stream: [], plain: [] };

export const behaviours = {
  good: {
    summary: "a whole answer",
    stream: [sse, preamble, twelve, finish, usage, done, end],
    plain: [json, answer, end],
  },
  noUsage: {
    summary: "a whole answer without usage",
    stream: [sse, preamble, twelve, finish, done, end],
    plain: [json, { do: "answer", hasUsage: false }, end],
  },
  status500: { summary: "500 before any byte", ...status(500) },
  busy1: { summary: "429, Retry-After 1", ...status(429, "retry-after", "1") },
  busy3: { summary: "429, Retry-After 3", ...status(429, "retry-after", "3") },
  busy7: { summary: "429, Retry-After 7", ...status(429, "retry-after", "7") },
  cutByReset: {
    summary: "RST after 10 chunks",
    stream: [sse, preamble, ten, { do: "wait", ms: 30 }, rst],
    plain: [announced, half, { do: "wait", ms: 30 }, rst],
  },
  cutByFin: {
    summary: "FIN without end after 10 chunks",
    stream: [sse, preamble, ten, fin],
    plain: [announced, half, fin],
  },
  stall: {
    summary: "silence after 10 chunks",
    stream: [sse, preamble, ten],
    plain: [announced, half],
  },
  errorSecond: {
    summary: "200, an error object as second event",
    stream: [sse, preamble, errorEvent, done, end],
    plain: [json, errorBody, end],
  },
  silent: { summary: "accepts, never answers", ...nothing },
  paced: {
    summary: "a chunk every 20 ms",
    stream: [sse, preamble, { do: "content", count: 500, gapMs: 20 }, finish, done, end],
    plain: [announced, half],
  },
  refuse: { summary: "refuses the connection", connect: "refuse", ...nothing },
  resetOnAccept: { summary: "RST on accept", connect: "rst", ...nothing },
  dripHead: {
    summary: "head dripped 1 byte/s",
    stream: [{ do: "drip", text: "HTTP/1.1 200 OK\r\n" }],
    plain: [{ do: "drip", text: "HTTP/1.1 200 OK\r\n" }],
  },
  headSilence: { summary: "head, then silence", stream: [sse], plain: [announced] },
  badFirstEvent: {
    summary: "unparsable first event",
    stream: [sse, bodyOf("data: {nope\n\n"), done, end],
    plain: [json, bodyOf("{nope"), end],
  },
  doneOnly: {
    summary: "[DONE] without content",
    stream: [sse, preamble, done, end],
    plain: [json, bodyOf("data: [DONE]\n\n"), end],
  },
  noContent: {
    summary: "end without finish",
    stream: [sse, preamble, end],
    plain: [json, end],
  },
  wrongLength: {
    summary: "fewer bytes than announced",
    stream: [{ do: "head", status: 200, type: "sse", length: 9000 }, preamble, fin],
    plain: [{ do: "head", status: 200, type: "json", length: 9000 }, answer, fin],
  },
  html200: {
    summary: "HTML under 200",
    stream: [{ do: "head", status: 200, type: "html" }, bodyOf("<html></html>"), end],
    plain: [{ do: "head", status: 200, type: "html" }, bodyOf("<html></html>"), end],
  },
  errorJson200: {
    summary: "error JSON under 200",
    stream: [json, errorBody, end],
    plain: [json, errorBody, end],
  },
  badEvent: {
    summary: "unparsable event after 10 chunks",
    stream: [sse, preamble, ten, bodyOf("data: {nope\n\n"), done, end],
    plain: [json, half, end],
  },
  earlyDone: {
    summary: "[DONE] without finish after 10 chunks",
    stream: [sse, preamble, ten, done, end],
  },
  badChunk: {
    summary: "bad chunk size after 10 chunks",
    stream: [sse, preamble, ten, { do: "raw", text: "zz\r\noops\r\n" }],
    plain: [json, half, { do: "raw", text: "zz\r\noops\r\n" }],
  },
  largeEvent: {
    summary: "event of 2 MiB after 10 chunks",
    stream: [sse, preamble, ten, { do: "large", bytes: 2 * 1024 * 1024 }, finish, done, end],
  },
  dieLate: {
    summary: "head, silence, RST after 220 ms",
    stream: [sse, { do: "wait", ms: 220 }, rst],
  },
} as const satisfies Readonly<Record<string, Behaviour>>;

export type BehaviourId = keyof typeof behaviours;
