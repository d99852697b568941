import type { Scenario } from "../../packages/validator/src/load/index.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  rankValue,
  type ReferenceTarget,
  stallWaits,
  startReferenceTarget,
  type Truth,
} from "../../packages/testkit/src/reference-target/index.ts";
import { judgeRounds, unless } from "../integration/load/rounds.ts";
import { limitOf, type LoadRun, runScenario } from "../integration/load/run.ts";

const ratePerSecond = 1000;
const seconds = 10;
/** What 200 ms of each second are to users, ms at each quantile, and how exact a figure is to be. */
const planned = [
  { q: 0.9, ms: 105, withinMs: 5 },
  { q: 0.99, ms: 192, withinMs: 8 },
] as const;
const stepMs = 1000 / ratePerSecond;
const scenario: Scenario = {
  executor: "constant-arrival-rate",
  rate: ratePerSecond,
  durationMs: seconds * 1000,
  // Each request says which arrival it is, so that the target's stamps belong to due times.
  exec: { kind: "steps", data: [{ name: "x", http: { path: "/x?i=${iteration}" } }] },
  steps: [{ name: "x" }],
};

/** The schedule, anchored where one arrival was on time and none was early. */
function scheduleOf({ arrivedMs, numbers }: Truth): number[] {
  const startMs = arrivedMs.reduce(
    (least, at, i) => Math.min(least, at - (numbers[i] ?? 0) * stepMs),
    Number.POSITIVE_INFINITY,
  );
  return Array.from({ length: ratePerSecond * seconds }, (_, i) => startMs + i * stepMs);
}

/** How long each user waited by the target's own stamps; none of the client's is in it. */
function truthOf(truth: Truth): number[] {
  const due = scheduleOf(truth);
  const waits = truth.doneMs.map((done, i) => {
    return (done ?? Number.NaN) - (due[truth.numbers[i] ?? -1] ?? Number.NaN);
  });
  return waits.toSorted((a, b) => a - b);
}

interface Measured {
  readonly run: LoadRun;
  readonly truth: Truth;
  /** p90 and p99 in ms, from the intended time and from the moment of sending. */
  readonly response: readonly number[];
  readonly service: readonly number[];
}

describe("a target that stands still for 200 ms of each second, asked 1,000 times a second", () => {
  let target: ReferenceTarget;
  beforeAll(async () => void (target = await startReferenceTarget()));
  afterAll(() => target[Symbol.asyncDispose]());

  async function measure(connectionsMax: number): Promise<Measured> {
    await target.configure({ stall: { stallMs: 200, everyMs: 1000 } });
    const limits = (["response_time", "service_time"] as const).flatMap((metric) =>
      planned.map(({ q }) => limitOf({ metric, quantile: q })),
    );
    const run = await runScenario({ baseUrl: target.url, scenario, limits }, { connectionsMax });
    const figures = run.tallies.map(({ observedMs }) => observedMs ?? Number.NaN);
    const truth = await target.truth();
    return { run, truth, response: figures.slice(0, 2), service: figures.slice(2) };
  }

  /** How much more than the target's own stamps say, in ms. */
  const beyond = (seen: readonly number[], truth: Truth): number[] =>
    planned.map(({ q }, i) => (seen[i] ?? Number.NaN) - rankValue(truthOf(truth), q));

  async function round(connections: number): Promise<readonly string[]> {
    const { run, truth, response, service } = await measure(connections);
    expect(run.account).toMatchObject({ due: 10_000, ok: 10_000 });
    expect(truth.requests).toEqual({ "/x": 10_000 });
    expect(new Set(truth.numbers).size).toBe(10_000);
    // Never less than the stalls alone make users wait.
    const least = stallWaits(truth.stalls, scheduleOf(truth));
    planned.forEach(({ q }, i) => {
      expect(response[i]).toBeGreaterThan(rankValue(least, q) - 2);
    });
    const off = beyond(response, truth);
    const figures = planned.flatMap(({ q, ms, withinMs }, i) => {
      const [offMs = Number.NaN, seenMs = Number.NaN] = [off[i], response[i]];
      const own = `p${q * 100} is ${offMs.toFixed(1)} ms off the target's own`;
      const plan = `p${q * 100} is ${seenMs.toFixed(1)} ms, by the plan ${ms}`;
      return [
        ...unless(Math.abs(offMs) < withinMs, own),
        // The target itself stands longer where it waits for a CPU.
        ...unless(Math.abs(seenMs - ms) <= withinMs, plan),
      ];
    });
    if (connections > 10) return figures;
    // The saboteur: a recorder whose intended time is the sending time agrees with nothing.
    expect(Math.min(...beyond(service, truth))).toBeLessThan(-50);
    const sent = service[0] ?? Number.NaN;
    return [...figures, ...unless(sent < 20, `p90 from the sending time is ${sent.toFixed(1)} ms`)];
  }

  for (const connections of [300, 10]) {
    it(`p90 and p99 from the intended time are the target's own truth with ${connections} connections`, async (context) => {
      await judgeRounds(context, () => round(connections));
    });
  }
});
