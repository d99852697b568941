import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  rankValue,
  type ReferenceTarget,
  serviceTimes,
  startReferenceTarget,
  type TargetOptions,
} from "../../packages/testkit/src/reference-target/index.ts";
import { get, limitOf, pressurePercent, runScenario } from "../integration/load/run.ts";
import { notTested, pressurePercentMax, quietest, skipNotTested } from "../integration/machine.ts";

describe("the engine beside the target's own stamps", () => {
  let target: ReferenceTarget;
  beforeAll(async () => void (target = await startReferenceTarget()));
  afterAll(() => target[Symbol.asyncDispose]());

  /** Median service time in ms: what the engine saw, and what the target did. */
  async function medians(
    options: TargetOptions,
    baseUrl = target.url,
  ): Promise<{ seenMs: number; trueMs: number; pressure: number }> {
    await target.configure(options);
    const scenario = {
      executor: "constant-arrival-rate",
      rate: 200,
      durationMs: 3000,
      request: get,
    } as const;
    const limits = [limitOf({ metric: "service_time", quantile: 0.5 })];
    const run = await runScenario({ baseUrl, scenario, limits });
    expect(run.account).toMatchObject({ due: 600, ok: 600 });
    const truth = serviceTimes(await target.truth());
    expect(truth).toHaveLength(600);
    return {
      seenMs: run.tallies[0]?.observedMs ?? Number.NaN,
      trueMs: rankValue(truth, 0.5),
      pressure: pressurePercent(run),
    };
  }

  const allowedMs = (trueMs: number): number => trueMs * 0.05 + 0.1;
  const isWithin = (round: { seenMs: number; trueMs: number }): boolean =>
    round.seenMs - round.trueMs < allowedMs(round.trueMs);

  for (const delayMs of [1, 10, 50]) {
    it(`a fixed delay of ${delayMs} ms: the median is the target's within 5 % + 0.1 ms, and never less`, async (context) => {
      // What the engine adds is in every round; what the machine adds need not be.
      const { seenMs, trueMs, pressure } = await quietest(async () => {
        const round = await medians({ delayMs });
        expect(round.trueMs).toBeGreaterThan(delayMs - 0.5);
        // Bytes take time: who sees less than the target itself took stamps too late or too early.
        expect(round.seenMs).toBeGreaterThan(round.trueMs * 0.99);
        expect(round.seenMs - round.trueMs).toBeLessThan(10);
        return round;
      }, isWithin);
      if (!isWithin({ seenMs, trueMs }) && pressure > pressurePercentMax) {
        const what = `the median of ${delayMs} ms within 5 % + 0.1 ms`;
        skipNotTested(context, [notTested(what, `PSI ${pressure} %`)]);
      }
      expect(seenMs - trueMs).toBeLessThan(allowedMs(trueMs));
    });
  }

  it("a target that adds 10 ms behind its own stamp is caught: the two no longer agree", async () => {
    const { seenMs, trueMs } = await medians({ delayMs: 10, hiddenDelayMs: 10 });
    expect(seenMs - trueMs).toBeGreaterThan(trueMs * 0.05 + 5);
  });

  it("the port that is a tenth slower is seen a tenth slower", async () => {
    const plain = await medians({ delayMs: 100 });
    const slower = await medians({ delayMs: 100 }, target.slowerUrl);
    expect(slower.seenMs / plain.seenMs).toBeGreaterThan(1.07);
    expect(slower.seenMs / plain.seenMs).toBeLessThan(1.13);
  });
});
