import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { quietest } from "../../../../testkit/src/quietest.ts";
import { startStallServer } from "../../../../testkit/src/stall-server/index.ts";
import { watchThreads } from "../../../../testkit/src/started-threads.ts";
import type { LoadPlan, Scenario } from "../types.ts";
import { armOrder, arms, blockPlan, interleave } from "./interleave.ts";
import { checkComparable, type RunIdentity } from "./stored.ts";

const request = { kind: "http", method: "GET", path: "/" } as const;
const steady: Scenario = {
  executor: "constant-arrival-rate",
  rate: 30,
  durationMs: 60_000,
  warmupMs: 5_000,
  request,
};

function plan(baseUrl: string, scenarios: LoadPlan["scenarios"] = { get: steady }): LoadPlan {
  const limit = { scenario: "get", metric: "response_time", limitMs: 1e9, quantile: 0.5 } as const;
  const limits = [{ ...limit, claim: "c", stream: "s", part: "all" }];
  return { target: { baseUrl }, seed: 7, scenarios, limits };
}

describe("interleaved blocks", () => {
  it("every triple has each arm once, in orders that differ and follow from the seed", () => {
    const order = armOrder(60, 7);
    for (const triple of order) expect([...triple].sort()).toEqual([...arms].sort());
    expect(new Set(order.map((triple) => triple.join())).size).toBe(6);
    expect(armOrder(60, 7)).toEqual(order);
    expect(armOrder(60, 8)).not.toEqual(order);
  });

  it("each arm is first about as often as any other: drift has no favourite", () => {
    const order = armOrder(600, 3);
    for (const arm of arms) {
      const first = order.filter(([one]) => one === arm).length;
      expect(first).toBeGreaterThan(150);
      expect(first).toBeLessThan(250);
    }
  });

  it("a block is a second of the scenario after a gap that counts nowhere; arms of a triple ask the same", () => {
    const ab = { load: plan("http://127.0.0.1:1"), other: "http://127.0.0.1:2", triples: 1 };
    const [a, again, b] = arms.map((arm) => blockPlan(ab, arm, 4));
    expect(a?.scenarios["get"]).toMatchObject({ rate: 30, durationMs: 1_100, warmupMs: 100 });
    expect(again).toEqual(a);
    expect(b?.target.baseUrl).toBe(ab.other);
    expect(b?.seed).toBe(a?.seed);
    expect(blockPlan(ab, "a", 5).seed).not.toBe(a?.seed);
  });

  it("a plan of two scenarios, or of stages, has no blocks", () => {
    const other = "http://127.0.0.1:2";
    const two = plan("http://127.0.0.1:1", { get: steady, more: steady });
    expect(() => blockPlan({ load: two, other, triples: 1 }, "a", 0)).toThrow(/one scenario/);
    const stages = [{ durationMs: 1, target: 1 }];
    const ramp: Scenario = { executor: "ramping-vus", stages, request };
    const load = plan("http://127.0.0.1:1", { get: ramp });
    expect(() => blockPlan({ load, other, triples: 1 }, "a", 0)).toThrow(/not ramping-vus/);
  });

  it("blocks measure their own target: one that is 20 ms slower shows in its arm alone", async () => {
    await using fast = await startStallServer({ delayMs: 5, stallMs: 0, everyMs: 1000 });
    await using slow = await startStallServer({ delayMs: 25, stallMs: 0, everyMs: 1000 });
    const deps = { clock: systemClock(), signal: new AbortController().signal };
    const measure = async () => {
      const medians = { a: Number.NaN, again: Number.NaN, b: Number.NaN };
      for await (const block of interleave(
        { load: plan(fast.url), other: slow.url, triples: 1 },
        deps,
      )) {
        for (const record of block.records) {
          if (record.type !== "sample.tally") continue;
          expect(record.tally.n).toBe(30);
          medians[block.arm] = record.tally.observedMs ?? Number.NaN;
        }
      }
      return medians;
    };
    // A busy machine may be late by some ms in one block and not in the next; half of the 20 ms
    // between the targets is more than two blocks on one of them ever differ by in every round.
    const gapMs = 10;
    const medians = await quietest(
      measure,
      ({ a, again, b }) => a < b - gapMs && again < b - gapMs,
    );
    expect(medians.b).toBeGreaterThan(24);
    expect(medians.a).toBeLessThan(medians.b - gapMs);
    expect(medians.again).toBeLessThan(medians.b - gapMs);
  }, 60_000);

  it("blocks share one pacer's thread, which is gone with the last of them", async () => {
    await using server = await startStallServer({ delayMs: 0, stallMs: 0, everyMs: 1000 });
    using threads = watchThreads();
    const ab = { load: plan(server.url), other: server.url, triples: 1 };
    const deps = { clock: systemClock(), signal: new AbortController().signal };
    const seen: number[] = [];
    for await (const _ of interleave(ab, deps)) seen.push(threads.running);
    expect([seen, threads.count, threads.running]).toEqual([[1, 1, 1], 1, 0]);
  }, 60_000);

  it("an abort ends it between two blocks", async () => {
    await using server = await startStallServer({ delayMs: 0, stallMs: 0, everyMs: 1000 });
    const stop = new AbortController();
    let blocks = 0;
    for await (const _ of interleave(
      { load: plan(server.url), other: server.url, triples: 50 },
      { clock: systemClock(), signal: stop.signal },
    )) {
      blocks++;
      stop.abort();
    }
    expect(blocks).toBe(1);
  }, 60_000);
});

describe("stored runs", () => {
  const run: RunIdentity = {
    scheduleHash: "aa",
    scenarioDigest: "bb",
    target: "http://127.0.0.1:1",
    machine: "linux, 2 processors",
  };

  it("stand side by side only with equal schedule, scenarios, target and machine", () => {
    expect(() => checkComparable(run, { ...run })).not.toThrow();
    for (const [key, name] of [
      ["scheduleHash", "schedule"],
      ["scenarioDigest", "scenarios"],
      ["target", "target"],
      ["machine", "machine"],
    ] as const) {
      let seen: unknown;
      try {
        checkComparable(run, { ...run, [key]: "other" });
      } catch (error) {
        seen = error;
      }
      expect(seen).toMatchObject({ code: "LL_LOAD_NOT_COMPARABLE" });
      expect(String(seen)).toContain(name);
    }
  });

  it("runs that sent nothing have no schedule to share", () => {
    const none = { ...run, scheduleHash: null };
    expect(() => checkComparable(none, none)).toThrow(/schedule/);
  });
});
