import { describe, expect, it } from "vitest";
import { TestClock } from "../clock/index.ts";
import { oncePerSecond } from "./once-per-second.ts";

describe("once per second", () => {
  it("the first line passes, the next a second after the last that passed, not after the last that was refused", () => {
    const clock = new TestClock();
    const mayTell = oncePerSecond(clock);
    expect(mayTell()).toBe(true);
    clock.advance(600);
    expect(mayTell()).toBe(false);
    clock.advance(399);
    expect(mayTell()).toBe(false);
    clock.advance(1);
    expect([mayTell(), mayTell()]).toEqual([true, false]);
    clock.advance(5000);
    expect([mayTell(), mayTell()]).toEqual([true, false]);
  });

  it("each name has a second of its own", () => {
    const clock = new TestClock();
    const mayTell = oncePerSecond(clock);
    expect([mayTell("a"), mayTell("b"), mayTell("a")]).toEqual([true, true, false]);
    clock.advance(999);
    expect([mayTell("a"), mayTell("b"), mayTell("c")]).toEqual([false, false, true]);
    clock.advance(1);
    expect([mayTell("a"), mayTell("b"), mayTell("c")]).toEqual([true, true, false]);
  });

  it("one that nobody asked for long lets no more pass than one", () => {
    const clock = new TestClock();
    const mayTell = oncePerSecond(clock);
    clock.advance(3_600_000);
    const passed = Array.from({ length: 100 }, () => mayTell()).filter((one) => one);
    expect(passed).toHaveLength(1);
  });
});
