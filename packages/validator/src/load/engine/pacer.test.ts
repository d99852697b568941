import { systemClock, TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { watchThreads } from "../../../../testkit/src/started-threads.ts";
import { createPacer } from "./pacer.ts";
import { PacerHub } from "./pacer-hub.ts";

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
    await pacer.close();
  });

  it.each(["pacer", "precise"] as const)(
    "closed, %s's thread ends by itself: not yet started, at rest, or in the middle of a wait",
    async (mode) => {
      using threads = watchThreads();
      const clock = new TestClock();
      const [fresh, resting, waiting] = Array.from({ length: 3 }, () => createPacer(mode, clock));
      const closing = fresh?.close();
      await resting?.until(0);
      await waiting?.until(0);
      void waiting?.until(systemClock().monotonicMs() + 600_000);
      await Promise.all([closing, resting?.close(), waiting?.close()]);
      expect([threads.count, threads.running, clock.pending]).toEqual([3, 0, 0]);
    },
  );

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
    await pacer.close();
  });

  it("scenarios on one thread are woken each at its own time, never early, the first first", async () => {
    const clock = systemClock();
    const pacer = createPacer("pacer", clock);
    await pacer.until(0);
    const hub = new PacerHub(pacer, clock);
    const startMs = clock.monotonicMs();
    const woken: string[] = [];
    const wait = async (name: string, aheadMs: number): Promise<void> => {
      const member = hub.member();
      await member.until(startMs + aheadMs);
      expect(clock.monotonicMs()).toBeGreaterThanOrEqual(startMs + aheadMs - 0.02);
      woken.push(name);
    };
    await Promise.all([wait("last", 60), wait("first", 10), wait("past", -5), wait("second", 30)]);
    expect(woken).toEqual(["past", "first", "second", "last"]);
    await pacer.close();
  });

  it("a thread that wakes late lets all that is due go in the order of its time", async () => {
    const clock = new TestClock(1_000);
    const late = { until: () => Promise.resolve(), wake: () => undefined };
    const hub = new PacerHub({ ...late, close: () => Promise.resolve() }, clock);
    const woken: number[] = [];
    const dues = [900, 300, -5, 600];
    await Promise.all(
      dues.map((dueMs) =>
        hub
          .member()
          .until(dueMs - 1_000)
          .then(() => woken.push(dueMs)),
      ),
    );
    expect(woken).toEqual([-5, 300, 600, 900]);
  });

  it("waking one scenario leaves the others asleep", async () => {
    const clock = systemClock();
    const pacer = createPacer("pacer", clock);
    await pacer.until(0);
    const hub = new PacerHub(pacer, clock);
    const [one, other] = [hub.member(), hub.member()];
    const startMs = clock.monotonicMs();
    const sleeping = other.until(startMs + 200).then(() => clock.monotonicMs());
    const waiting = one.until(startMs + 600_000);
    one.wake();
    await waiting;
    expect(await sleeping).toBeGreaterThanOrEqual(startMs + 199.9);
    await pacer.close();
  });

  it("precise waits for the last of its time in the loop and is never early", async () => {
    const clock = systemClock();
    const pacer = createPacer("precise", clock);
    await pacer.until(0);
    for (const aheadMs of [0.1, 1, 5]) {
      const dueMs = clock.monotonicMs() + aheadMs;
      await pacer.until(dueMs);
      expect(clock.monotonicMs()).toBeGreaterThanOrEqual(dueMs);
    }
    await pacer.close();
  });
});
