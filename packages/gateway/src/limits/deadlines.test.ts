import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { createDeadlines, Waiting } from "./deadlines.ts";

const timeoutMs = 50;

function start() {
  const clock = new TestClock();
  const deadlines = createDeadlines(clock);
  const answers: unknown[] = [];
  /** A call that has `timeoutMs` from now. */
  const call = (name: string): Waiting => {
    const entry = new Waiting(clock.monotonicMs() + timeoutMs, (answer) =>
      answers.push([name, answer]),
    );
    deadlines.add(entry);
    return entry;
  };
  return { clock, deadlines, answers, call };
}

describe("deadlines of calls", () => {
  it("an answer ends a call, whose deadline then ends nothing", () => {
    const { clock, answers, call } = start();
    call("a").end([1]);
    clock.advance(10 * timeoutMs);
    expect(answers).toEqual([["a", [1]]]);
  });

  it("a call without an answer ends with undefined at its deadline, not before", () => {
    const { clock, answers, call } = start();
    call("a");
    clock.advance(timeoutMs - 1);
    expect(answers).toEqual([]);
    clock.advance(1);
    expect(answers).toEqual([["a", undefined]]);
  });

  it("each has its own deadline, whichever of them are done", () => {
    const { clock, answers, call } = start();
    call("a");
    clock.advance(20);
    const second = call("b");
    clock.advance(20);
    call("c");
    second.end("in time");
    clock.advance(10);
    expect(answers).toEqual([
      ["b", "in time"],
      ["a", undefined],
    ]);
    clock.advance(39);
    expect(answers).toHaveLength(2);
    clock.advance(1);
    expect(answers.at(-1)).toEqual(["c", undefined]);
  });

  it("an answer after the deadline is heard by nobody", () => {
    const { clock, answers, call } = start();
    const entry = call("a");
    clock.advance(timeoutMs);
    entry.end("late");
    expect(answers).toEqual([["a", undefined]]);
  });

  it("calls that are done are let go long before their deadline", () => {
    const { deadlines, call } = start();
    for (let i = 0; i < 10_000; i++) call(`${i}`).end(i);
    expect(deadlines.kept).toBeLessThanOrEqual(64);
  });

  it("calls under way are all kept, however many", () => {
    const { clock, deadlines, answers, call } = start();
    for (let i = 0; i < 1000; i++) {
      call(`open ${i}`);
      call(`${i}`).end(i);
    }
    expect(deadlines.kept).toBeGreaterThanOrEqual(1000);
    clock.advance(timeoutMs);
    expect(answers).toHaveLength(2000);
    expect(deadlines.kept).toBe(0);
  });

  it("closed ones end nothing any more", () => {
    const { clock, deadlines, answers, call } = start();
    call("a");
    deadlines.close();
    clock.advance(10 * timeoutMs);
    expect(answers).toEqual([]);
  });
});
