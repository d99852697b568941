import { TestClock } from "@loadline/kit/clock";
import { createRoster } from "@loadline/kit/roster";
import { describe, expect, it } from "vitest";
import type { Exchange } from "../pipeline/exchange.ts";
import { drain } from "./drain.ts";

/** Drains with nothing under way; `takenMs`: when readers have taken what was written. Gives the time. */
async function drainedMs(
  times: { acceptMs: number; graceMs: number },
  takenMs = Number.POSITIVE_INFINITY,
): Promise<number> {
  const clock = new TestClock();
  const startMs = clock.monotonicMs();
  const elapsedMs = (): number => clock.monotonicMs() - startMs;
  let closedMs = -1;
  const front = {
    beginDrain: () => undefined,
    stopAccepting: () => undefined,
    get hasUnsent() {
      return elapsedMs() < takenMs;
    },
    close: async () => void (closedMs = elapsedMs()),
  };
  const pipeline = {
    inFlight: createRoster<Exchange>(),
    onIdle: (done: () => void) => done(),
    refuse: () => undefined,
  };
  const health = { setDraining: () => undefined };
  const report = drain({ clock, health, pipeline, front }, times);
  while (closedMs < 0 && elapsedMs() <= times.graceMs + 1000) {
    for (let i = 0; i < 10; i++) await Promise.resolve();
    if (closedMs < 0) clock.advance(20);
  }
  expect(await report).toEqual({ finished: 0, cut: 0 });
  return closedMs;
}

describe("a drain whose answers are not taken", () => {
  it.each([
    { acceptMs: 0, graceMs: 20_000, atMostMs: 19_000 },
    { acceptMs: 2000, graceMs: 20_000, atMostMs: 19_000 },
    { acceptMs: 0, graceMs: 1000, atMostMs: 500 },
    { acceptMs: 600, graceMs: 1000, atMostMs: 800 },
  ])("waits long, and leaves time of its grace for what is stored after it: %o", async (o) => {
    const tookMs = await drainedMs(o);
    expect(tookMs).toBeGreaterThanOrEqual(o.atMostMs);
    expect(tookMs).toBeLessThan(o.atMostMs + 40);
  });

  it("ends as soon as they are", async () => {
    const tookMs = await drainedMs({ acceptMs: 0, graceMs: 20_000 }, 5000);
    expect(tookMs).toBeGreaterThanOrEqual(5000);
    expect(tookMs).toBeLessThan(5040);
  });

  it("waits for nothing where there is no grace", async () => {
    expect(await drainedMs({ acceptMs: 0, graceMs: 0 })).toBe(0);
  });
});
