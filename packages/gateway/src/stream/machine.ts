import type { GatewayErrorCode } from "../errors.ts";
import type { FailureClass } from "../upstream/upstream.ts";

/** Where one attempt stands: no 2xx head, preamble kept, content sent, finish sent, over. */
export type StreamState = "attempt" | "hold" | "open" | "finish" | "done";

/** Everything that can happen to an attempt; `*_optional`: its provider may omit the end marker. */
export type StreamInput =
  | "head_ok"
  | "head_bad"
  | "fault"
  | "clean_end"
  | "clean_end_optional"
  | "preamble"
  | "hold_full"
  | "content"
  | "finish"
  | "marker"
  | "error"
  | "unreadable"
  | "comment"
  | "first_byte_timer"
  | "first_content_timer"
  | "idle_timer"
  | "slow"
  | "total_timer"
  | "revoked"
  | "drained"
  | "over_bound"
  | "client_left"
  | "client_stalled"
  | "silence";

/**
 * What is done: `next` tries another target (none: the final answer, or with the head sent a cut);
 * `commit` sends head, what was kept and this; `end` relays this and is whole; `append` adds the
 * marker and is whole; `cut` sends one error event and no marker; `refuse` answers with a status.
 */
export type StreamAction =
  | "ignore"
  | "next"
  | "keep"
  | "drop"
  | "commit"
  | "relay"
  | "end"
  | "append"
  | "cut"
  | "refuse"
  | "leave"
  | "destroy"
  | "keep_alive";

export interface StreamCell {
  readonly action: StreamAction;
  readonly to: StreamState;
  /** The attempt's class; undefined: the transport's own, or neutral. */
  readonly failure?: FailureClass;
  /** Code of a `cut` or `refuse`. */
  readonly code?: GatewayErrorCode;
  /** A cut that another target may continue. */
  readonly isResumable?: boolean;
}

export type LiveState = Exclude<StreamState, "done">;
type Row = readonly [attempt: StreamCell, hold: StreamCell, open: StreamCell, finish: StreamCell];

const ignored = (to: StreamState): StreamCell => ({ action: "ignore", to });
const none: Row = [ignored("attempt"), ignored("hold"), ignored("open"), ignored("finish")];
const [noAttempt, noHold, noOpen, noFinish] = none;
const next = (failure?: FailureClass): StreamCell => ({
  action: "next",
  to: "done",
  ...(failure && { failure }),
});
const cut = (code: GatewayErrorCode, failure?: FailureClass): StreamCell => ({
  action: "cut",
  to: "done",
  code,
  ...(failure && { failure }),
});
const resumable = (cell: StreamCell): StreamCell => ({ ...cell, isResumable: true });
const dropped = cut("LL_STREAM_CUT");
const lost = resumable(dropped);
const ended = resumable(cut("LL_STREAM_CUT", "stream_cut"));
const relay = (to: StreamState): StreamCell => ({ action: "relay", to });
const keep: StreamCell = { action: "keep", to: "hold" };
const commit = (to: StreamState): StreamCell => ({ action: "commit", to });
const isWhole: StreamCell = { action: "end", to: "done" };
const append: StreamCell = { action: "append", to: "done" };

/** One answer for all states: a status while none was sent, an error event after it. */
function stop(code: GatewayErrorCode): Row {
  const refuse: StreamCell = { action: "refuse", to: "done", code };
  return [refuse, refuse, cut(code), cut(code)];
}

const left: StreamCell = { action: "leave", to: "done" };
const stalled: StreamCell = { action: "destroy", to: "done" };
const comment = (to: StreamState): StreamCell => ({ action: "keep_alive", to });
const drop = (to: StreamState): StreamCell => ({ action: "drop", to });
const misled = cut("LL_STREAM_CUT", "protocol");
const reported = cut("LL_STREAM_UPSTREAM_ERROR", "server");
const garbled = cut("LL_STREAM_BAD_EVENT", "bad_event");

/** The stream contract: a row per input, a cell per state. */
export const streamTable: Readonly<Record<StreamInput, Row>> = {
  head_ok: [{ action: "keep", to: "hold" }, next("protocol"), misled, misled],
  head_bad: [next(), next("protocol"), misled, misled],
  fault: [next(), next(), lost, dropped],
  clean_end: [next("protocol"), next("stream_cut"), ended, cut("LL_STREAM_CUT", "stream_cut")],
  clean_end_optional: [next("protocol"), next("stream_cut"), ended, append],
  preamble: [noAttempt, keep, relay("open"), relay("finish")],
  hold_full: [noAttempt, commit("open"), noOpen, noFinish],
  content: [noAttempt, commit("open"), relay("open"), relay("finish")],
  finish: [noAttempt, commit("finish"), relay("finish"), relay("finish")],
  marker: [noAttempt, next("bad_body"), cut("LL_STREAM_CUT", "stream_cut"), isWhole],
  error: [noAttempt, next("server"), reported, reported],
  unreadable: [noAttempt, next("bad_event"), garbled, garbled],
  comment: [noAttempt, drop("hold"), drop("open"), drop("finish")],
  first_byte_timer: [next("timeout"), noHold, noOpen, noFinish],
  first_content_timer: [noAttempt, next("timeout"), noOpen, noFinish],
  idle_timer: [noAttempt, noHold, resumable(cut("LL_STREAM_STALL", "stall")), noFinish],
  slow: [noAttempt, noHold, cut("LL_STREAM_TOO_SLOW", "stall"), noFinish],
  total_timer: stop("LL_UPSTREAM_TIMEOUT"),
  revoked: stop("LL_AUTH_REVOKED"),
  drained: stop("LL_SERVER_DRAINING"),
  over_bound: [noAttempt, noHold, cut("LL_STREAM_OVER_BOUND"), cut("LL_STREAM_OVER_BOUND")],
  client_left: [left, left, left, left],
  client_stalled: [left, left, stalled, stalled],
  silence: [comment("attempt"), comment("hold"), comment("open"), comment("finish")],
};

const columns: Readonly<Record<LiveState, 0 | 1 | 2 | 3>> = {
  attempt: 0,
  hold: 1,
  open: 2,
  finish: 3,
};
const over: StreamCell = ignored("done");

/** With the status already sent, what would have been a status is the last event. */
const withHead: ReadonlyMap<StreamCell, StreamCell> = new Map(
  Object.values(streamTable)
    .flat()
    .filter((cell) => cell.action === "refuse")
    .map((cell) => [cell, { ...cell, action: "cut" }]),
);

/** What happens now; `isHeadSent`: the client already has a status, from a keep-alive. */
export function decideStream(
  state: StreamState,
  input: StreamInput,
  isHeadSent: boolean,
): StreamCell {
  if (state === "done") return over;
  const cell = streamTable[input][columns[state]];
  return isHeadSent && cell.action === "refuse" ? (withHead.get(cell) ?? cell) : cell;
}
