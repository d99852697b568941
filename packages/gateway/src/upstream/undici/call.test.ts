import { TestClock } from "@loadline/kit/clock";
import type { Dispatcher } from "undici";
import { describe, expect, it } from "vitest";
import { anyAnswer } from "../../egress/answer-rules.ts";
import { Heard } from "../upstream.fixture.ts";
import type { UpstreamRequest } from "../upstream.ts";
import { UndiciCall } from "./call.ts";

const request: UpstreamRequest = {
  operation: "chat",
  body: Buffer.from("{}"),
  isStream: false,
  traceparent: undefined,
};
const death = Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" });
const controller: Dispatcher.DispatchController = {
  aborted: false,
  paused: false,
  reason: null,
  abort: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
};

/** A call that was dispatched once, and what became of it. */
function dispatched() {
  const clock = new TestClock();
  const heard = new Heard();
  const seen = { dispatched: 0, left: 0 };
  const call = new UndiciCall(
    {
      clock,
      connectTimeoutMs: 1000,
      answers: anyAnswer,
      dispatch: () => void seen.dispatched++,
      leave: () => void seen.left++,
      drop: () => undefined,
    },
    request,
    heard,
  );
  call.begin();
  return { call, clock, heard, seen };
}

describe("a call whose connection dies before a byte", () => {
  it("is sent again once when that connection has answered before, and leaves no timer", () => {
    const { call, clock, heard, seen } = dispatched();
    for (let sent = 1; sent <= 2; sent++) {
      expect([seen.dispatched, seen.left, heard.outcome]).toEqual([sent, 0, ""]);
      call.onCarrier({ answers: 1 });
      call.onRequestStart(controller);
      call.onResponseError(controller, death);
    }
    expect([seen.dispatched, seen.left, heard.outcome]).toEqual([2, 1, "reset"]);
    expect(clock.pending).toBe(0);
  });

  it("is sent once when that connection was opened anew after the call was given to it", () => {
    const { call, heard, seen } = dispatched();
    const carrier = { answers: 3 };
    call.onCarrier(carrier);
    carrier.answers = 0;
    call.onRequestStart(controller);
    call.onResponseError(controller, death);
    expect([seen.dispatched, seen.left, heard.outcome]).toEqual([1, 1, "reset"]);
  });

  it("is not sent again when it never was sent, and leaves no timer", () => {
    const { call, clock, heard, seen } = dispatched();
    call.onCarrier({ answers: 1 });
    call.onResponseError(controller, death);
    expect([seen.dispatched, seen.left, heard.outcome]).toEqual([1, 1, "connect"]);
    expect(clock.pending).toBe(0);
  });
});
