import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ReferenceTarget,
  startReferenceTarget,
} from "../../packages/testkit/src/reference-target/index.ts";
import { get, limitOf, runScenario } from "./load/run.ts";

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
        const shared = { durationMs: 400, request: get };
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
