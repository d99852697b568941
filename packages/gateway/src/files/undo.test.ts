import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { Undo } from "./undo.ts";

const stepMs = 5000;

/** A store that says yes to the tries at which `isGood`, and 0.. as their numbers. */
function over(isGood: (attempt: number) => boolean) {
  const clock = new TestClock();
  const stop = new AbortController();
  const removed: string[] = [];
  const ends: string[] = [];
  const undo = new Undo({
    clock,
    signal: stop.signal,
    remove(key) {
      removed.push(key);
      return isGood(removed.length - 1) ? Promise.resolve() : Promise.reject(new Error("away"));
    },
  });
  const add = (key: string): void => undo.add(key, (end) => void ends.push(`${key} ${end}`));
  const pass = async (tries: number): Promise<void> => {
    for (let i = 0; i < tries; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(stepMs);
    }
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { add, pass, stop, removed, ends };
}

describe("an upload in doubt", () => {
  it("is gone after two removals in a row, and is not asked for again", async () => {
    const s = over(() => true);
    s.add("a");
    await s.pass(10);
    expect([s.removed, s.ends]).toEqual([["a", "a"], ["a gone"]]);
  });

  it("is removed once the store is back, however often it was away", async () => {
    const s = over((attempt) => attempt === 1 || attempt > 50);
    s.add("a");
    await s.pass(51);
    expect(s.ends).toEqual([]);
    await s.pass(5);
    expect([s.removed.length, s.ends]).toEqual([53, ["a gone"]]);
  });

  it("is unknown after 120 tries, and is left alone then", async () => {
    const s = over(() => false);
    s.add("a");
    await s.pass(200);
    expect([s.removed.length, s.ends]).toEqual([120, ["a unknown"]]);
  });

  it("beyond 64 others is unknown at once", async () => {
    const s = over(() => false);
    for (let i = 0; i < 65; i++) s.add(`${i}`);
    expect([s.removed.length, s.ends]).toEqual([64, ["64 unknown"]]);
    await s.pass(200);
    expect(s.ends).toHaveLength(65);
  });

  it("is asked for no more once the process ends", async () => {
    const s = over(() => false);
    s.add("a");
    await s.pass(1);
    s.stop.abort();
    const before = s.removed.length;
    await s.pass(5);
    s.add("b");
    expect([s.removed.length, s.ends]).toEqual([before, ["b unknown"]]);
  });
});
