import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { createPrices } from "../budgets/prices.ts";
import { pricesSection } from "../budgets/config.ts";
import { limitsSection } from "./config.ts";
import { compileLimits, concurrencyCap } from "./dimension.ts";
import { type Bench, openBench } from "./limits.fixture.ts";

const prices = { m: { input: 1, output: 10 } };
const clock = new TestClock();

/** Goes over to other limits the way a reload does. */
function install(bench: Bench, limits: readonly object[], capOfKey = 256): void {
  bench.limits.install({
    caps: [concurrencyCap("key", capOfKey), concurrencyCap("global", 4096)],
    limits: compileLimits(limitsSection.parse(limits)),
    estimate: {
      prices: createPrices(pricesSection.parse(prices)),
      outputMax: new Map(),
      wallMs: () => clock.wallMs(),
    },
  });
}

describe("limits after a reload", () => {
  const perHour = { scope: "key", resource: "requests", limit: 2, period: "1h", burst: 2 } as const;

  it("that are as before stay used up, beside others that are new", async () => {
    await using bench = openBench({ clock, limits: [perHour] });
    for (let i = 0; i < 2; i++) expect((await bench.call()).refusal).toBeUndefined();
    install(bench, [{ scope: "global", resource: "requests", limit: 9 }, perHour]);
    expect((await bench.call()).refusal?.code).toBe("LL_LIMIT_REQUESTS");
    install(bench, []);
    expect((await bench.call()).refusal).toBeUndefined();
    install(bench, [perHour]);
    expect((await bench.call()).refusal?.code).toBe("LL_LIMIT_REQUESTS");
  });

  it("with another rate hold at that rate at once", async () => {
    await using bench = openBench({ clock, limits: [perHour] });
    for (let i = 0; i < 3; i++) await bench.call();
    install(bench, [{ ...perHour, limit: 3, burst: 3 }]);
    const codes = [];
    for (let i = 0; i < 4; i++) codes.push((await bench.call()).refusal?.code);
    expect(codes).toEqual([undefined, undefined, undefined, "LL_LIMIT_REQUESTS"]);
  });

  it("count the calls under way, which then give their slots back", async () => {
    const slots = { scope: "key", resource: "concurrency", limit: 2 } as const;
    await using bench = openBench({ clock, limits: [slots] });
    const { x } = await bench.call();
    await bench.call();
    install(bench, [{ ...slots, limit: 3 }]);
    expect((await bench.call()).refusal).toBeUndefined();
    expect((await bench.call()).refusal?.code).toBe("LL_LIMIT_CONCURRENCY");
    bench.limits.settle(x, { tokens: 0, nano: 0 });
    expect((await bench.call()).refusal).toBeUndefined();
    install(bench, [], 3);
    expect((await bench.call()).refusal?.code).toBe("LL_LIMIT_CONCURRENCY");
  });

  it("know what is spent of a budget whose amount changed, and tell of its shares anew", async () => {
    const budget = { scope: "key", resource: "money", limit: 0.1, period: "total" } as const;
    await using bench = openBench({ clock, limits: [budget], prices });
    const { x } = await bench.call();
    bench.limits.settle(x, { tokens: 1, nano: 90_000_000 });
    expect(bench.alerts).toEqual([50, 80]);
    install(bench, [{ ...budget, limit: 0.091 }]);
    expect((await bench.call()).refusal?.code).toBe("LL_BUDGET_EXHAUSTED");
    install(bench, [{ ...budget, limit: 0.15 }]);
    expect((await bench.call()).refusal).toBeUndefined();
    const text = bench.metrics.render();
    const ratio = /budget_remaining_ratio\{budget="key\/total"\} ([\d.]+)/.exec(text)?.[1];
    expect(Number(ratio)).toBeLessThan(0.4);
    expect(Number(ratio)).toBeGreaterThan(0);
    expect(bench.alerts).toEqual([50, 80, 50, 80]);
  });

  it("of two budgets for the same the smaller holds", () => {
    const budget = { scope: "key", resource: "money", period: "day" };
    const both = [
      { ...budget, limit: 2 },
      { ...budget, limit: 1 },
      { ...budget, limit: 3 },
    ];
    expect(compileLimits(limitsSection.parse(both)).map((dim) => dim.limit)).toEqual([1e9]);
  });
});
