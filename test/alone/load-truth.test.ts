import fc from "fast-check";
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

const users = 8;
/** 100 requests, whatever becomes of them. */
const hundred = {
  executor: "constant-arrival-rate",
  rate: 100,
  durationMs: 1000,
  request: get,
} as const;
const sumOf = (bad: Readonly<Record<string, number>>): number =>
  Object.values(bad).reduce((sum, count) => sum + count, 0);

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

describe("accounts under random faults", () => {
  let target: ReferenceTarget;
  beforeAll(async () => void (target = await startReferenceTarget()));
  afterAll(() => target[Symbol.asyncDispose]());

  const share = fc.double({ min: 0, max: 0.2, noNaN: true });
  const faults = fc.record({ reset: share, truncate: share, close: share, garbage: share });
  const given = fc.record({
    seed: fc.integer({ min: 1, max: 10_000 }),
    faults,
    errors: fc.record({ share, status: fc.constantFrom(400, 429, 500, 503) }),
    delayMs: fc.integer({ min: 0, max: 20 }),
    connectionsMax: fc.integer({ min: 1, max: 40 }),
    isOpen: fc.boolean(),
  });

  it("every due request has one outcome, good ones are as many as the target gave, none is lost", async () => {
    await fc.assert(
      fc.asyncProperty(given, async ({ connectionsMax, isOpen, ...options }) => {
        await target.configure(options);
        const shared = { durationMs: 400, request: get, gracefulStopMs: 5000 };
        const scenario = isOpen
          ? ({ executor: "constant-arrival-rate", rate: 300, ...shared } as const)
          : ({ executor: "constant-vus", vus: users, thinkMs: 5, ...shared } as const);
        const limits = [limitOf({ metric: "errors" })];
        const plan = { connectionsMax };
        const run = await runScenario({ baseUrl: target.url, scenario, limits }, plan, {
          engine: "inline",
        });
        const { account, tallies } = run;
        const truth = await target.truth();
        expect(account.ok + sumOf(account.bad)).toBe(account.due);
        // A user may ask once more as its time ends: due, and outside the measured phase.
        const outside = account.due - (tallies[0]?.n ?? 0);
        expect(outside).toBeGreaterThanOrEqual(0);
        expect(outside).toBeLessThanOrEqual(isOpen ? 0 : users);
        expect(sumOf(account.bad) - (tallies[0]?.bad ?? 0)).toBeLessThanOrEqual(outside);
        expect(account.ok).toBe(truth.statuses["200"] ?? 0);
        // What broke is bad by a name, and what the target counts as unanswered was all seen.
        const { status } = options.errors;
        const outcomes: Readonly<Record<number, string>> = {
          400: "status_4xx",
          429: "status_429",
          500: "status_5xx",
          503: "status_503",
        };
        expect(account.bad[outcomes[status] ?? ""] ?? 0).toBe(truth.statuses[String(status)] ?? 0);
        const broken = ["reset", "protocol", "stale_connection"].map(
          (one) => account.bad[one] ?? 0,
        );
        const unanswered = truth.statuses["none"] ?? 0;
        expect(broken.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(unanswered);
      }),
      { numRuns: 25, seed: 5, endOnFailure: true },
    );
  });

  it("a dead port: all due requests are bad, n is whole, no latency is given", async () => {
    const dead = await startReferenceTarget();
    const { url } = dead;
    await dead[Symbol.asyncDispose]();
    const limits = [limitOf({}), limitOf({ metric: "errors" })];
    const { account, tallies } = await runScenario({ baseUrl: url, scenario: hundred, limits });
    expect(account).toMatchObject({ due: 100, ok: 0, bad: { connect: 100 } });
    expect(tallies).toMatchObject([
      { n: 100, bad: 100 },
      { n: 100, bad: 100 },
    ]);
    expect(tallies[0]?.observedMs).toBeUndefined();
  });

  it("without its token every answer is 401 and bad, however fast it came", async () => {
    await target.configure({ token: "t" });
    const { account, tallies } = await runScenario({
      baseUrl: target.url,
      scenario: hundred,
      limits: [limitOf({})],
    });
    expect(account).toMatchObject({ due: 100, ok: 0, bad: { status_4xx: 100 } });
    expect(tallies[0]).toMatchObject({ n: 100, bad: 100 });
  });

  it("a quota of 40 lets exactly 40 through and names the rest", async () => {
    await target.configure({ quota: { after: 40, retryAfterSeconds: 1 } });
    const { account } = await runScenario({
      baseUrl: target.url,
      scenario: hundred,
      limits: [limitOf({})],
    });
    expect(account).toMatchObject({ due: 100, ok: 40, bad: { status_429: 60 } });
  });
});
