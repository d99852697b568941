import { describe, expect, it } from "vitest";
import { pricesSection } from "./config.ts";
import { affordableOutput, costNano, createPrices, type Price, upperCostNano } from "./prices.ts";
import { windowAt } from "./window.ts";

const at = Date.UTC(2026, 5, 15);

function priceOf(value: unknown, wallMs = at): Price {
  const price = createPrices(pricesSection.parse({ m: value })).of("m", wallMs);
  if (!price) throw new Error("no price");
  return price;
}

describe("prices", () => {
  it("are whole nano-units, and the parts of a call are rounded up", () => {
    const price = priceOf({ input: 0.15, cached: 0.0375, output: 0.6, request: 0.000001 });
    const tokens = { input: 1001, cached: 1, output: 3, reasoning: 0, images: 0 };
    expect(costNano(price, tokens)).toBe(1000 + 150_000 + 38 + 1800);
  });

  it("cached and reasoning tokens cost as input and output unless they have their own price", () => {
    const tokens = { input: 10, cached: 10, output: 10, reasoning: 10, images: 0 };
    expect(costNano(priceOf({ input: 1, output: 2 }), tokens)).toBe(10_000 + 20_000);
    const own = priceOf({ input: 1, cached: 0.5, output: 2, reasoning: 3 });
    expect(costNano(own, tokens)).toBe(5000 + 30_000);
  });

  it("images cost each their own price, in what is reserved as in what is charged", () => {
    const price = priceOf({ input: 1, output: 1, image: 0.002 });
    const tokens = { input: 0, cached: 0, output: 0, reasoning: 0, images: 3 };
    expect(costNano(price, tokens)).toBe(6_000_000);
    expect(upperCostNano(price, 0, 0, 3)).toBe(6_000_000);
    expect(priceOf({ input: 1, output: 1 }).perImage).toBe(0);
  });

  it("of several the latest that is valid counts, and a model without one has none", () => {
    const list = [
      { input: 1, output: 1 },
      { input: 2, output: 2, from: "2026-06-15" },
      { input: 3, output: 3, from: "2026-07-01" },
    ];
    expect(priceOf(list, at - 1).inputPerMillion).toBe(1e9);
    expect(priceOf(list, at).inputPerMillion).toBe(2e9);
    expect(priceOf(list, Date.UTC(2026, 6, 1)).inputPerMillion).toBe(3e9);
    expect(createPrices({}).of("m", at)).toBeUndefined();
  });

  it("what is reserved is never less than what any use within it costs", () => {
    const price = priceOf({ input: 1.37, cached: 0.11, output: 2.91, reasoning: 3.3 });
    for (let used = 0; used <= 100; used += 7) {
      const tokens = {
        input: used,
        cached: used >> 1,
        output: used,
        reasoning: used >> 2,
        images: 0,
      };
      expect(costNano(price, tokens)).toBeLessThanOrEqual(upperCostNano(price, 100, 100) + 4);
    }
  });

  it("what a rest affords costs no more than the rest", () => {
    const price = priceOf({ input: 1, output: 3.33, reasoning: 7.77 });
    for (const nano of [1, 999, 123_456, 7_770_000]) {
      const output = affordableOutput(price, nano);
      expect(upperCostNano(price, 0, output)).toBeLessThanOrEqual(nano);
      expect(upperCostNano(price, 0, output + 1)).toBeGreaterThan(nano);
    }
    expect(affordableOutput(price, -1)).toBe(0);
  });
});

describe("periods of budgets", () => {
  it("days and months are UTC, and a total never ends", () => {
    const ms = Date.UTC(2026, 11, 31, 23, 59, 59, 999);
    expect(windowAt("day", ms)).toEqual({
      id: "2026-12-31",
      startMs: Date.UTC(2026, 11, 31),
      endMs: Date.UTC(2027, 0, 1),
    });
    expect(windowAt("month", ms)).toEqual({
      id: "2026-12",
      startMs: Date.UTC(2026, 11, 1),
      endMs: Date.UTC(2027, 0, 1),
    });
    expect(windowAt("total", ms).endMs).toBe(Number.POSITIVE_INFINITY);
    expect(windowAt("day", ms + 1).id).toBe("2027-01-01");
  });
});
