import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { openBench } from "./limits.fixture.ts";
import { describeLimits } from "./limits.suite.fixture.ts";

describe("limits in memory", () => {
  const clock = new TestClock();
  describeLimits({
    clock,
    open: (o) => Promise.resolve(openBench({ ...o, clock })),
    pass: (ms) => Promise.resolve(clock.advance(ms)),
  });
});

describe("limits of one process", () => {
  it("100 a minute with burst 20: 20 admitted, the 21st waits 1 s, 120 in the first minute", async () => {
    const clock = new TestClock();
    await using bench = openBench({
      clock,
      limits: [{ scope: "key", resource: "requests", limit: 100, period: "1m", burst: 20 }],
    });
    let admitted = 0;
    for (let i = 0; i < 20; i++) if (!(await bench.call()).refusal) admitted++;
    expect(admitted).toBe(20);
    const { refusal } = await bench.call();
    expect(refusal?.retryAfterMs).toBe(600);
    expect(refusal?.headers).toContain("retry-after-ms");
    for (let ms = 0; ms < 60_000; ms += 100) {
      clock.advance(100);
      if (!(await bench.call()).refusal) admitted++;
    }
    expect(admitted).toBe(120);
  });

  it("states limit, rest and reset, in Anthropic's names on its routes", async () => {
    const clock = new TestClock();
    await using bench = openBench({
      clock,
      limits: [{ scope: "key", resource: "requests", limit: 60, period: "1m", burst: 2 }],
    });
    const { x } = await bench.call();
    expect(x.lease?.headers).toEqual([
      "x-ratelimit-limit-requests",
      "60",
      "x-ratelimit-remaining-requests",
      "1",
      "x-ratelimit-reset-requests",
      "1s",
      "ratelimit-policy",
      '"key-requests";q=60;w=60;burst=2',
    ]);
    const other = await bench.call({ path: "/v1/messages" });
    expect(other.x.lease?.headers.slice(0, 6)).toEqual([
      "anthropic-ratelimit-requests-limit",
      "60",
      "anthropic-ratelimit-requests-remaining",
      "0",
      "anthropic-ratelimit-requests-reset",
      "2026-01-01T00:00:02.000Z",
    ]);
  });

  it("reserves a third of the bytes, 8 a message and every answer's bound; upper: all bytes", async () => {
    const clock = new TestClock();
    const tokens = { scope: "key", resource: "tokens", limit: 100_000, period: "1m" } as const;
    await using mean = openBench({ clock, limits: [tokens] });
    const text = "x".repeat(30);
    const bytes = 30 + "m".length;
    const { x } = await mean.call({ text, maxTokens: 100, n: 2 });
    expect(x.lease?.reservedTokens).toBe(Math.ceil(bytes / 3) + 8 + 200);
    expect(x.lease?.outputBound).toBeUndefined();
    await using upper = openBench({ clock, limits: [{ ...tokens, estimate: "upper" }] });
    const all = await upper.call({ text });
    expect(all.x.lease?.reservedTokens).toBe(bytes + 8 + 4096);
    expect(all.x.lease?.outputBound).toBe(4096);
  });

  it("the caps hold without any configured limit, per key and in all", async () => {
    const clock = new TestClock();
    await using bench = openBench({ clock, limits: [], caps: { key: 2, global: 3 } });
    const calls = [];
    for (const key of ["a", "a", "a", "b", "c"]) calls.push(await bench.call({ key }));
    expect(calls.map(({ refusal }) => refusal?.headers?.at(1))).toEqual([
      undefined,
      undefined,
      "key/concurrency",
      undefined,
      "global/concurrency",
    ]);
    calls[0]?.x.lease?.settle(undefined);
    expect((await bench.call({ key: "c" })).refusal).toBeUndefined();
    expect(bench.limits.status()).toEqual({ mode: "local", leases: 3, buckets: 4 });
  });

  it("limiters are evicted only when full again; a table full of used ones refuses", async () => {
    const clock = new TestClock();
    await using bench = openBench({
      clock,
      buckets: 6,
      limits: [{ scope: "key", resource: "requests", limit: 60, period: "1m", burst: 1 }],
    });
    for (const key of ["a", "b"]) {
      const { x } = await bench.call({ key });
      x.lease?.settle(undefined);
    }
    expect((await bench.call({ key: "a" })).refusal?.code).toBe("LL_LIMIT_REQUESTS");
    for (const key of ["c", "d"]) {
      const { refusal, x } = await bench.call({ key });
      expect(refusal).toBeUndefined();
      x.lease?.settle(undefined);
    }
    expect((await bench.call({ key: "e" })).refusal?.code).toBe("LL_LIMIT_CAPACITY");
    clock.advance(1000);
    for (let i = 0; i < 1000; i++) {
      const { x: flood } = await bench.call({ key: `flood${i}` });
      flood.lease?.settle(undefined);
      if (i % 2 === 0) clock.advance(1000);
    }
    expect(bench.limits.status().buckets).toBeLessThanOrEqual(6);
  });

  it("a budget whose day is over makes room for others, and begins anew; one of today stays", async () => {
    const clock = new TestClock();
    await using bench = openBench({
      clock,
      // The cap in all, budgets of three keys, and the cap of whoever calls.
      buckets: 5,
      limits: [{ scope: "key", resource: "money", limit: 0.002, period: "day" }],
      prices: { m: { input: 0, output: 1000 } },
    });
    const spend = async (key: string): Promise<string | undefined> => {
      const { x, refusal } = await bench.call({ key, maxTokens: 1 });
      x.lease?.settle(undefined);
      return refusal?.code;
    };
    for (const key of ["a", "b", "c"]) expect([key, await spend(key)]).toEqual([key, undefined]);
    expect(await spend("d")).toBe("LL_LIMIT_CAPACITY");
    clock.advance(86_400_000);
    // They take the places of yesterday's, and nobody has spent anything today.
    for (const key of ["d", "d", "e", "e", "a", "a"])
      expect([key, await spend(key)]).toEqual([key, undefined]);
    for (const key of ["a", "d", "e"]) expect(await spend(key)).toBe("LL_BUDGET_EXHAUSTED");
    expect(await spend("b")).toBe("LL_LIMIT_CAPACITY");
  });

  it("a budget begins anew with its day, and each share of it is told once", async () => {
    const clock = new TestClock();
    await using bench = openBench({
      clock,
      limits: [{ scope: "key", resource: "money", limit: 0.01, period: "day" }],
      prices: { m: { input: 0, output: 1000 } },
    });
    for (let i = 0; i < 10; i++) (await bench.call({ maxTokens: 1 })).x.lease?.settle(undefined);
    expect(bench.alerts).toEqual([50, 80, 100]);
    expect((await bench.call({ maxTokens: 1 })).refusal?.code).toBe("LL_BUDGET_EXHAUSTED");
    expect(bench.metrics.render()).toContain(
      'loadline_budget_remaining_ratio{budget="key/day"} 0\n',
    );
    clock.advance(86_400_000);
    expect((await bench.call({ maxTokens: 1 })).refusal).toBeUndefined();
    expect(bench.metrics.render()).toContain(
      'loadline_budget_remaining_ratio{budget="key/day"} 0.9\n',
    );
  });

  it("counts decisions by scope and resource from the first scrape on", async () => {
    const clock = new TestClock();
    await using bench = openBench({
      clock,
      limits: [{ scope: "key", resource: "requests", limit: 60, period: "1m", burst: 1 }],
    });
    const line = (decision: string): string =>
      `loadline_limit_decisions_total{scope="key",resource="requests",decision="${decision}"}`;
    expect(bench.metrics.render()).toContain(`${line("refused")} 0\n`);
    await bench.call();
    await bench.call();
    expect(bench.metrics.render()).toContain(`${line("refused")} 1\n`);
    expect(bench.metrics.render()).toContain(`${line("admitted")} 1\n`);
    expect(bench.metrics.render()).toContain('loadline_limit_mode{mode="local"} 1\n');
  });
});
