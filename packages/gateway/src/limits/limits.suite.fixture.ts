import type { Clock } from "@loadline/kit/clock";
import { expect, it } from "vitest";
import type { Bench, BenchOptions } from "./limits.fixture.ts";

/** How an implementation is opened and its time moved. */
export interface SuiteHarness {
  readonly clock: Clock;
  open(o: Omit<BenchOptions, "clock">): Promise<Bench>;
  /** Lets `ms` pass, in truth or on the test clock. */
  pass(ms: number): Promise<void>;
}

const perMillion = { m: { input: 0, output: 1000 } };

/** What every store of limits has to hold; run once for each of them. */
export function describeLimits(harness: SuiteHarness): void {
  describeRates(harness);
  describeTokens(harness);
  describeBudgets(harness);
  describeScopes(harness);
}

function describeRates(harness: SuiteHarness): void {
  it("admits the burst and refuses the next with the exact wait, which then admits", async () => {
    await using bench = await harness.open({
      limits: [{ scope: "key", resource: "requests", limit: 60, period: "1m", burst: 3 }],
    });
    // At once: a second later there would be room for another.
    const calls = await Promise.all(Array.from({ length: 4 }, () => bench.call()));
    const refusals = calls.map(({ refusal }) => refusal?.code);
    expect(refusals).toEqual([undefined, undefined, undefined, "LL_LIMIT_REQUESTS"]);
    const waitMs = calls[3]?.refusal?.retryAfterMs ?? 0;
    expect(waitMs).toBeGreaterThan(0);
    expect(waitMs).toBeLessThanOrEqual(1000);
    await harness.pass(Math.max(waitMs, 51));
    expect((await bench.call()).refusal).toBeUndefined();
  });

  it("100 concurrent callers on 10 remaining requests admit exactly 10 [R0-04]", async () => {
    await using bench = await harness.open({
      limits: [{ scope: "tenant", resource: "requests", limit: 10, period: "1h", burst: 10 }],
    });
    const all = await Promise.all(Array.from({ length: 100 }, () => bench.call()));
    expect(all.filter(({ refusal }) => !refusal)).toHaveLength(10);
  });

  it("a call that one limit refuses burns nothing of the others", async () => {
    await using bench = await harness.open({
      limits: [
        { scope: "key", resource: "requests", limit: 10, period: "1h", burst: 10 },
        { scope: "model", match: "full", resource: "requests", limit: 1, period: "1h", burst: 1 },
        { scope: "key", resource: "tokens", limit: 1000, period: "1h" },
        { scope: "key", resource: "concurrency", limit: 10 },
      ],
    });
    const first = await bench.call({ model: "full", maxTokens: 10 });
    first.x.lease?.settle({ tokens: 0, nano: 0 });
    for (let i = 0; i < 20; i++)
      expect((await bench.call({ model: "full", maxTokens: 10 })).refusal?.headers).toContain(
        "model/requests",
      );
    await harness.pass(51);
    const admitted = await Promise.all(
      Array.from({ length: 12 }, () => bench.call({ maxTokens: 10 })),
    );
    expect(admitted.filter(({ refusal }) => !refusal)).toHaveLength(9);
  });
}

function describeTokens(harness: SuiteHarness): void {
  it("tokens not used come back, more than reserved is debited", async () => {
    await using bench = await harness.open({
      limits: [{ scope: "key", resource: "tokens", limit: 1000, period: "1h" }],
    });
    const { x } = await bench.call({ maxTokens: 900 });
    expect((await bench.call({ maxTokens: 900 })).refusal?.code).toBe("LL_LIMIT_TOKENS");
    x.lease?.settle({ tokens: 8, nano: 0 });
    await harness.pass(60);
    const second = await bench.call({ maxTokens: 900 });
    expect(second.refusal).toBeUndefined();
    second.x.lease?.settle({ tokens: 1500, nano: 0 });
    await harness.pass(60);
    expect((await bench.call({ maxTokens: 1 })).refusal?.code).toBe("LL_LIMIT_TOKENS");
  });

  it("slots are given back when calls end, and settling twice gives back one", async () => {
    await using bench = await harness.open({
      limits: [{ scope: "key", resource: "concurrency", limit: 2 }],
    });
    const one = await bench.call();
    await bench.call();
    expect((await bench.call()).refusal?.code).toBe("LL_LIMIT_CONCURRENCY");
    one.x.lease?.settle({ tokens: 0, nano: 0 });
    one.x.lease?.settle({ tokens: 0, nano: 0 });
    await harness.pass(60);
    const results = [await bench.call(), await bench.call()];
    expect(results.map(({ refusal }) => refusal?.code)).toEqual([
      undefined,
      "LL_LIMIT_CONCURRENCY",
    ]);
  });
}

function describeBudgets(harness: SuiteHarness): void {
  it("a budget is spent to its edge and never beyond, by 50 callers at once", async () => {
    await using bench = await harness.open({
      limits: [{ scope: "tenant", resource: "money", limit: 0.01, period: "day" }],
      prices: perMillion,
    });
    const all = await Promise.all(Array.from({ length: 50 }, () => bench.call({ maxTokens: 3 })));
    const admitted = all.filter(({ refusal }) => !refusal);
    expect(admitted).toHaveLength(3);
    expect(all.find(({ refusal }) => refusal)?.refusal?.code).toBe("LL_BUDGET_EXHAUSTED");
    for (const { x } of admitted) x.lease?.settle({ tokens: 0, nano: 1_000_000 });
    await harness.pass(60);
    const again = await Promise.all(Array.from({ length: 50 }, () => bench.call({ maxTokens: 3 })));
    expect(again.filter(({ refusal }) => !refusal)).toHaveLength(2);
    expect(bench.alerts).toContain(80);
  });

  it("a budget that affords less, but 256 tokens, lowers the bound to what it affords", async () => {
    await using bench = await harness.open({
      limits: [{ scope: "key", resource: "money", limit: 0.3, period: "total" }],
      prices: perMillion,
    });
    const { x, refusal } = await bench.call({ maxTokens: 1000 });
    expect(refusal).toBeUndefined();
    expect(x.lease?.outputBound).toBe(300);
    expect(x.lease?.headers.join(" ")).toContain("x-loadline-max-tokens 300");
    x.lease?.settle({ tokens: 0, nano: 100_000_000 });
    await harness.pass(60);
    const less = await bench.call({ maxTokens: 1000 });
    expect(less.refusal?.code).toBe("LL_BUDGET_EXHAUSTED");
  });

  it("a used-up budget is 402, whatever rate refuses beside it: no wait would admit the call", async () => {
    for (const period of ["day", "total"] as const) {
      await using bench = await harness.open({
        limits: [
          { scope: "key", resource: "requests", limit: 1, period: "1h", burst: 1 },
          { scope: "key", resource: "money", limit: 0.001, period },
        ],
        prices: perMillion,
      });
      expect((await bench.call({ maxTokens: 1 })).refusal).toBeUndefined();
      const { refusal } = await bench.call({ maxTokens: 1 });
      expect([refusal?.code, refusal?.retryAfterMs]).toEqual(["LL_BUDGET_EXHAUSTED", undefined]);
      expect(refusal?.headers).toContain("key/money");
      expect(refusal?.headers).not.toContain("retry-after-ms");
    }
  });

  it("an unknown outcome leaves everything reserved charged", async () => {
    await using bench = await harness.open({
      limits: [{ scope: "key", resource: "money", limit: 0.01, period: "total" }],
      prices: perMillion,
    });
    const { x } = await bench.call({ maxTokens: 6 });
    x.lease?.settle(undefined);
    await harness.pass(60);
    expect((await bench.call({ maxTokens: 5 })).refusal?.code).toBe("LL_BUDGET_EXHAUSTED");
    expect((await bench.call({ maxTokens: 4 })).refusal).toBeUndefined();
  });
}

function describeScopes(harness: SuiteHarness): void {
  it("keys, tenants and models have limiters of their own; a budget id is shared", async () => {
    await using bench = await harness.open({
      limits: [
        { scope: "key", match: "shared", resource: "requests", limit: 1, period: "1h", burst: 1 },
        { scope: "tenant", match: "a", resource: "requests", limit: 1, period: "1h", burst: 1 },
      ],
    });
    const code = async (o: Parameters<Bench["call"]>[0]): Promise<string | undefined> =>
      (await bench.call(o)).refusal?.code;
    expect(await code({ key: "k1", budgetId: "shared" })).toBeUndefined();
    expect(await code({ key: "k2", budgetId: "shared" })).toBe("LL_LIMIT_REQUESTS");
    expect(await code({ key: "k3" })).toBeUndefined();
    expect(await code({ key: "k4", tenant: "a" })).toBeUndefined();
    expect(await code({ key: "k5", tenant: "a" })).toBe("LL_LIMIT_REQUESTS");
    expect(await code({ key: "k6", tenant: "b" })).toBeUndefined();
  });

  it("a budget id of another tenant is another budget: its name spends nothing of theirs", async () => {
    await using bench = await harness.open({
      limits: [{ scope: "key", match: "pot", resource: "money", limit: 0.002, period: "total" }],
      prices: perMillion,
    });
    const spend = async (tenant: string, key: string): Promise<string | undefined> =>
      (await bench.call({ tenant, key, budgetId: "pot", maxTokens: 1 })).refusal?.code;
    for (const tenant of ["default", "a", "b"]) {
      expect(await spend(tenant, `${tenant}1`)).toBeUndefined();
      expect(await spend(tenant, `${tenant}2`)).toBeUndefined();
      expect(await spend(tenant, `${tenant}3`)).toBe("LL_BUDGET_EXHAUSTED");
    }
  });

  it("leases that nobody settles return their slots and tokens, not their money", async () => {
    await using bench = await harness.open({
      leaseGraceMs: 200,
      limits: [
        { scope: "key", resource: "concurrency", limit: 1 },
        { scope: "key", resource: "money", limit: 0.01, period: "total" },
      ],
      prices: perMillion,
    });
    await bench.call({ maxTokens: 6 });
    expect((await bench.call({ maxTokens: 1 })).refusal?.code).toBe("LL_LIMIT_CONCURRENCY");
    await harness.pass(1300);
    expect((await bench.call({ maxTokens: 5 })).refusal?.code).toBe("LL_BUDGET_EXHAUSTED");
    expect((await bench.call({ maxTokens: 4 })).refusal).toBeUndefined();
  });
}
