import { describe, expect, it } from "vitest";
import {
  decideStream,
  type LiveState,
  type StreamCell,
  type StreamInput,
  streamTable,
} from "./machine.ts";

/**
 * The stream contract in the words of the specification: `-` nothing happens, `next` the next
 * target, `E(x)` an error event with this code and no marker, `+` the cell may be continued at
 * another target, `> s` the state after it.
 */
const contract = `
| input                | attempt        | hold            | open                | finish             |
| head_ok              | keep > hold    | next protocol   | E(CUT) protocol     | E(CUT) protocol    |
| head_bad             | next           | next protocol   | E(CUT) protocol     | E(CUT) protocol    |
| fault                | next           | next            | E(CUT) +            | E(CUT)             |
| clean_end            | next protocol  | next stream_cut | E(CUT) stream_cut + | E(CUT) stream_cut  |
| clean_end_optional   | next protocol  | next stream_cut | E(CUT) stream_cut + | append             |
| preamble             | -              | keep > hold     | relay > open        | relay > finish     |
| hold_full            | -              | commit > open   | -                   | -                  |
| content              | -              | commit > open   | relay > open        | relay > finish     |
| finish               | -              | commit > finish | relay > finish      | relay > finish     |
| marker               | -              | next bad_body   | E(CUT) stream_cut   | end                |
| error                | -              | next server     | E(UPSTREAM_ERROR) server | E(UPSTREAM_ERROR) server |
| unreadable           | -              | next bad_event  | E(BAD_EVENT) bad_event | E(BAD_EVENT) bad_event |
| comment              | -              | drop > hold     | drop > open         | drop > finish      |
| first_byte_timer     | next timeout   | -               | -                   | -                  |
| first_content_timer  | -              | next timeout    | -                   | -                  |
| idle_timer           | -              | -               | E(STALL) stall +    | -                  |
| slow                 | -              | -               | E(TOO_SLOW) stall   | -                  |
| total_timer          | 504            | 504             | E(504)              | E(504)             |
| revoked              | 401            | 401             | E(401)              | E(401)             |
| drained              | 503            | 503             | E(503)              | E(503)             |
| over_bound           | -              | -               | E(OVER_BOUND)       | E(OVER_BOUND)      |
| client_left          | leave          | leave           | leave               | leave              |
| client_stalled       | leave          | leave           | destroy             | destroy            |
| silence              | keep_alive > attempt | keep_alive > hold | keep_alive > open | keep_alive > finish |
`;

const codes: Readonly<Record<string, string>> = {
  504: "LL_UPSTREAM_TIMEOUT",
  401: "LL_AUTH_REVOKED",
  503: "LL_SERVER_DRAINING",
};
const states = ["attempt", "hold", "open", "finish"] as const;

/** A cell written in words, as the data the machine answers. */
function cellOf(words: string, state: LiveState): StreamCell | Record<string, unknown> {
  if (words === "-") return { action: "ignore", to: state };
  const [body = "", to] = words.split(" > ");
  const isResumable = body.endsWith(" +");
  const [verb = "", failure] = body.replace(" +", "").split(" ");
  const code = /^E\((\w+)\)$/.exec(verb)?.[1] ?? (/^\d+$/.test(verb) ? verb : undefined);
  const action = code === undefined ? verb : verb === code ? "refuse" : "cut";
  return {
    action,
    to: to ?? "done",
    ...(code !== undefined && { code: codes[code] ?? `LL_STREAM_${code}` }),
    ...(failure !== undefined && { failure }),
    ...(isResumable && { isResumable }),
  };
}

const rows = contract
  .trim()
  .split("\n")
  .slice(1)
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((word) => word.trim()),
  );
const cells = rows.flatMap(([input = "", ...words]) =>
  states.map((state, i) => ({ input, state, words: words[i] ?? "" })),
);

function isInput(name: string): name is StreamInput {
  return name in streamTable;
}

function decide(state: LiveState, input: string, isHeadSent: boolean): StreamCell {
  if (!isInput(input)) throw new Error(`no input ${input}`);
  return decideStream(state, input, isHeadSent);
}

describe("the stream machine", () => {
  it.each(cells)("$input in $state: $words", ({ input, state, words }) => {
    expect(decide(state, input, false)).toEqual(cellOf(words, state));
  });

  it.each(cells.filter(({ words }) => /^\d/.test(words)))(
    "$input in $state after a keep-alive is the last event of the stream",
    ({ input, state, words }) => {
      expect(decide(state, input, true)).toEqual(cellOf(`E(${words})`, state));
    },
  );

  it.each(cells.filter(({ words }) => !/^\d/.test(words)))(
    "$input in $state is the same with the head sent",
    ({ input, state }) => {
      expect(decide(state, input, true)).toBe(decide(state, input, false));
    },
  );

  it("the contract names every input once", () => {
    expect(rows.map(([input]) => input)).toEqual(Object.keys(streamTable));
  });

  it("nothing leaves the end, whatever comes", () => {
    for (const { input } of cells) {
      if (!isInput(input)) continue;
      expect(decideStream("done", input, false)).toEqual({ action: "ignore", to: "done" });
      expect(decideStream("done", input, true)).toEqual({ action: "ignore", to: "done" });
    }
  });

  it("only a finished answer ends whole, and only content or a full hold commits", () => {
    for (const { input, state } of cells) {
      const { action, to } = decide(state, input, false);
      if (action === "end" || action === "append") expect(state).toBe("finish");
      if (action === "commit") expect(["content", "finish", "hold_full"]).toContain(input);
      if (action === "relay") expect(state).not.toBe("hold");
      if (["cut", "end", "append", "next", "refuse"].includes(action)) expect(to).toBe("done");
    }
  });
});
