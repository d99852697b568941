import { type Clock, systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { HostMonitor } from "./host.ts";

const clock = systemClock();
const standMs = 80;

/** Holds this thread; time that the machine takes beside it only makes it longer. */
function stand(): void {
  const endMs = clock.monotonicMs() + standMs;
  let turns = 0;
  while (clock.monotonicMs() < endMs) turns += 1;
  expect(turns).toBeGreaterThan(0);
}

describe("what is seen of a thread that sends", () => {
  it("a stand that the end comes right after is seen, though no turn counted it yet", async () => {
    const monitor = new HostMonitor(clock);
    // The first turns are not counted at all.
    await clock.sleep(20);
    stand();
    const { loopMaxMs } = await monitor.stop();
    expect(loopMaxMs).toBeGreaterThan(standMs - 5);
  });

  it("what ran late by the clock is as much of a stand as a turn that took long", async () => {
    const monitor = new HostMonitor(clock);
    monitor.late(60_000);
    monitor.late(-3);
    monitor.late(10_000);
    expect(monitor.now().loopMaxMs).toBe(60_000);
    expect((await monitor.stop()).loopMaxMs).toBe(60_000);
  });

  it("an end waits for the loop within a bound, whatever its clock", async () => {
    // Its pauses take no time of the machine's: the loop never turns between them.
    const paused: Clock = {
      wallMs: () => 0,
      monotonicMs: () => 0,
      after: () => ({ cancel: () => undefined }),
      sleep: async () => await Promise.resolve(),
    };
    const monitor = new HostMonitor(paused);
    await expect(monitor.stop()).resolves.toMatchObject({ loopMaxMs: 0, cpuP90: 0 });
  });
});
