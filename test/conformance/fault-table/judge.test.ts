import type { Seen } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { isOfTime, judge, type Scene } from "./judge.ts";

const timerMs = 400;
const slackMs = 1000;
const startMs = 5000;

/** A row whose one timer ends it with 504, after `ms`; A is closed `closedAfterMs` after that. */
function judged(ms: number, closedAfterMs: number | null): string[] {
  const endMs = startMs + ms;
  const closedMs = closedAfterMs === null ? -1 : endMs + closedAfterMs;
  const seenByA: Seen[] = [{ atMs: startMs, text: "", closedMs }];
  const scene: Scene = {
    expected: { status: 504, answer: "error", hits: { a: [1, 1], b: [0, 0] }, timers: 1 },
    isStream: false,
    isLoadline: false,
    timerMs,
    slackMs,
    observed: {
      status: 504,
      headers: { "content-type": "application/json" },
      text: '{"error":{}}',
      isComplete: true,
      ms,
      endMs,
      leftMs: -1,
    },
    seenByA,
    seenByB: [],
    leftAt: undefined,
  };
  return judge(scene);
}

describe("the end that a timer makes", () => {
  it("is in its time, and closes A before it or soon after", () => {
    expect(judged(timerMs, -20)).toEqual([]);
    expect(judged(timerMs + 300, 300)).toEqual([]);
  });

  it("that answers in time and frees A seconds later is a fault of time", () => {
    const found = judged(timerMs, 4000);
    expect(found).toEqual(["A was closed too late"]);
    expect(found.every(isOfTime)).toBe(true);
  });

  it("that is late is a fault of time; one that is early is no machine's", () => {
    expect(judged(timerMs + 1500, 0)).toEqual(["ended after 1900 ms"]);
    expect(isOfTime("ended after 1900 ms")).toBe(true);
    expect(judged(timerMs - 200, 0)).toEqual(["ended early, 200 ms"]);
    expect(isOfTime("ended early, 200 ms")).toBe(false);
  });

  it("that never closes A is no machine's, nor is an upstream that nobody told", () => {
    expect(judged(timerMs, null)).toEqual(["A was left open"]);
    for (const one of [
      "A was left open",
      "an upstream was not told",
      "a false [DONE]",
      "status 500",
    ])
      expect(isOfTime(one)).toBe(false);
  });
});
