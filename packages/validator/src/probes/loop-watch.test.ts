import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { quietest } from "../../../testkit/src/quietest.ts";
import { watchLoop } from "./loop-watch.ts";

const clock = systemClock();

/** Keeps this thread from turning its loop. */
function stand(forMs: number): void {
  const untilMs = clock.monotonicMs() + forMs;
  while (clock.monotonicMs() < untilMs);
}

describe("a watch of the loop", () => {
  it("tells how long the loop stood, also before it turned again", () => {
    using watch = watchLoop(clock);
    stand(150);
    expect(watch.longestMs(0)).toBeGreaterThanOrEqual(130);
  });

  // Lower edges are hard; a machine that stands beside it only adds.
  it("leaves out what ended before", async () => {
    const later = async (): Promise<number> => {
      using watch = watchLoop(clock);
      stand(150);
      // The loop turns: the stand is over.
      await clock.sleep(1);
      const sinceMs = clock.monotonicMs() + 0.001;
      expect(watch.longestMs(0)).toBeGreaterThanOrEqual(130);
      return watch.longestMs(sinceMs);
    };
    expect(await quietest(later, (ms) => ms < 100)).toBeLessThan(100);
  });

  it("leaves out what it did by itself, and nothing else of the same stand", async () => {
    const longest = async (): Promise<number> => {
      using watch = watchLoop(clock);
      expect(watch.own(() => (stand(300), 7))).toBe(7);
      stand(120);
      await clock.sleep(1);
      expect(watch.longestMs(0)).toBeGreaterThanOrEqual(100);
      return watch.longestMs(0);
    };
    expect(await quietest(longest, (ms) => ms < 300)).toBeLessThan(300);
  });

  it("leaves out what it did by itself when that throws", async () => {
    const longest = (): Promise<number> => {
      using watch = watchLoop(clock);
      expect(() =>
        watch.own(() => {
          stand(300);
          throw new Error("full");
        }),
      ).toThrow("full");
      return Promise.resolve(watch.longestMs(0));
    };
    expect(await quietest(longest, (ms) => ms < 250)).toBeLessThan(250);
  });
});
