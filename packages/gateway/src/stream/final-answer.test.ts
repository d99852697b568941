import { describe, expect, it } from "vitest";
import type { FailureClass } from "../upstream/upstream.ts";
import type { AttemptFailure } from "./attempt.ts";
import { finalAnswer } from "./final-answer.ts";

const failed = (failure: FailureClass, retryAfterMs?: number): AttemptFailure => ({
  failure,
  detail: "",
  status: 0,
  retryAfterMs,
});

describe("the answer when nothing was sent", () => {
  it.each([
    ["nothing could be tried", [], "LL_ROUTE_NO_TARGET", 4000],
    [
      "every upstream is over its limit",
      [failed("rate_limited", 7000), failed("rate_limited", 3000)],
      "LL_UPSTREAM_BUSY",
      3000,
    ],
    ["limits without a time", [failed("rate_limited")], "LL_UPSTREAM_BUSY", 4000],
    [
      "one is overloaded, one over its limit",
      [failed("overloaded", 2000), failed("rate_limited", 9000)],
      "LL_ROUTE_NO_TARGET",
      2000,
    ],
    [
      "the last was silent",
      [failed("connect"), failed("timeout")],
      "LL_UPSTREAM_TIMEOUT",
      undefined,
    ],
    [
      "one was silent, the last failed",
      [failed("timeout"), failed("server")],
      "LL_UPSTREAM_FAILED",
      undefined,
    ],
    [
      "every one refused our credentials",
      [failed("key"), failed("key")],
      "LL_UPSTREAM_AUTH",
      undefined,
    ],
    [
      "one refused our credentials, one failed",
      [failed("key"), failed("reset")],
      "LL_UPSTREAM_FAILED",
      undefined,
    ],
    ["the request was at fault", [failed("server"), failed("caller")], "LL_BODY_FIELD", undefined],
  ] as const)("%s", (_name, failures, code, retryAfterMs) => {
    expect(finalAnswer(failures, 4000)).toEqual({
      code,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(code === "LL_BODY_FIELD" && { message: "The upstream refused the request." }),
    });
  });

  it("a wait is never shorter than a second when nobody named one", () => {
    expect(finalAnswer([failed("rate_limited")], 5).retryAfterMs).toBe(1000);
  });
});
