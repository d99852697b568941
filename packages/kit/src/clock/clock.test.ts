import { describe, expect, it, vi } from "vitest";
import { isoTime, systemClock, TestClock } from "./index.ts";

describe("clock", () => {
  it("fires timers in order of due time and never early", () => {
    const clock = new TestClock();
    const fired: string[] = [];
    clock.after(20, () => fired.push("b"));
    clock.after(10, () => fired.push("a"));
    clock.advance(9);
    expect(fired).toEqual([]);
    clock.advance(11);
    expect(fired).toEqual(["a", "b"]);
    expect(clock.monotonicMs()).toBe(20);
  });

  it("a cancelled timer never fires", () => {
    const clock = new TestClock();
    let count = 0;
    clock.after(5, () => count++).cancel();
    clock.advance(100);
    expect(count).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it("a timer set by a timer fires within the same advance when it falls due", () => {
    const clock = new TestClock();
    const at: number[] = [];
    clock.after(5, () => clock.after(5, () => at.push(clock.monotonicMs())));
    clock.advance(10);
    expect(at).toEqual([10]);
  });

  it("sleep rejects with the signal's reason and leaves no timer behind", async () => {
    const clock = new TestClock();
    const stop = new AbortController();
    const sleeping = clock.sleep(1000, stop.signal);
    stop.abort(new Error("stopped"));
    await expect(sleeping).rejects.toThrow("stopped");
    expect(clock.pending).toBe(0);
  });

  it("sleep on an aborted signal rejects at once", async () => {
    await expect(new TestClock().sleep(1, AbortSignal.abort("gone"))).rejects.toBe("gone");
  });

  it("system monotonic time never goes backwards", () => {
    const clock = systemClock();
    let last = clock.monotonicMs();
    for (let i = 0; i < 1000; i++) {
      const now = clock.monotonicMs();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  });

  it("clocks of one machine agree on the origin to within 0.1 ms", () => {
    const [one, other] = [systemClock(), systemClock()];
    const differences = Array.from({ length: 20 }, () =>
      Math.abs(one.monotonicMs() - other.monotonicMs()),
    );
    expect(Math.min(...differences)).toBeLessThan(0.1);
    const offMs = (): number => Math.abs(one.monotonicMs() - Number(process.hrtime.bigint()) / 1e6);
    expect(Math.min(...Array.from({ length: 20 }, offMs))).toBeLessThan(50);
  });

  it("a wait of a month is as long as that, however much longer than a timer of the system knows", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const clock = systemClock();
      const monthMs = 30 * 86_400_000;
      const fired: string[] = [];
      clock.after(monthMs, () => fired.push("month"));
      clock.after(Number.POSITIVE_INFINITY, () => fired.push("never"));
      const cancelled = clock.after(monthMs, () => fired.push("cancelled"));
      vi.advanceTimersByTime(2 ** 31);
      cancelled.cancel();
      vi.advanceTimersByTime(monthMs - 2 ** 31 - 1);
      expect(fired).toEqual([]);
      vi.advanceTimersByTime(1);
      expect(fired).toEqual(["month"]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("documents carry UTC ISO 8601 with milliseconds", () => {
    expect(isoTime(new TestClock(0))).toBe("1970-01-01T00:00:00.000Z");
  });
});
