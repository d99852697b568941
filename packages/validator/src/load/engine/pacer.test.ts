import { systemClock, TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { createPacer } from "./pacer.ts";

describe("pacer", () => {
  it("the thread wakes never early, at once for the past, and before its time when woken", async () => {
    const clock = systemClock();
    const pacer = createPacer("pacer", clock);
    await pacer.until(0);
    for (const aheadMs of [0.5, 2, 10]) {
      const dueMs = clock.monotonicMs() + aheadMs;
      await pacer.until(dueMs);
      // The last 20 us are not slept: the wake-up itself takes longer.
      expect(clock.monotonicMs()).toBeGreaterThanOrEqual(dueMs - 0.02);
    }
    const startMs = clock.monotonicMs();
    const waiting = pacer.until(startMs + 60_000);
    pacer.wake();
    await waiting;
    expect(clock.monotonicMs() - startMs).toBeLessThan(10_000);
    pacer.close();
  });

  it("the timer fallback waits on the clock it is given and can be woken", async () => {
    const clock = new TestClock();
    const pacer = createPacer("timer", clock);
    const done: string[] = [];
    const first = pacer.until(50).then(() => done.push("first"));
    clock.advance(49);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    await first;
    const second = pacer.until(5000);
    pacer.wake();
    await second;
    expect(done).toEqual(["first"]);
    expect(clock.pending).toBe(0);
    pacer.close();
  });
});
