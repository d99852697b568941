import type { Figure } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { intervalScale } from "./interval-scale.ts";

const ms = (value: number): Figure => ({ value, unit: "ms", provenance: "measured", refs: [] });
const upTo = (upper: number) => ({ lower: null, upper, confidence: 0.95, unit: "ms" });

describe("interval scale", () => {
  it("a bound under the limit lies left of it, a bound over it right of it", () => {
    const under = intervalScale(upTo(1800), ms(1500), ms(2000));
    const over = intervalScale(upTo(2310), ms(1710), ms(2000));
    expect(under?.upper).toBeLessThan(under?.limit ?? 0);
    expect(over?.upper).toBeGreaterThan(over?.limit ?? 100);
  });

  it("everything drawn lies on the axis and a missing side is open", () => {
    const scale = intervalScale(upTo(2310), ms(1710), ms(2000));
    expect(scale).toMatchObject({ openLower: true, openUpper: false, lower: 0 });
    for (const at of [scale?.upper, scale?.observed, scale?.limit]) {
      expect(at).toBeGreaterThanOrEqual(0);
      expect(at).toBeLessThanOrEqual(100);
    }
  });

  it("no interval and no bounds draw nothing", () => {
    expect(intervalScale(null, ms(1), ms(2))).toBeNull();
    const open = { lower: null, upper: null, confidence: 0.95, unit: "ms" };
    expect(intervalScale(open, ms(1), ms(2))).toBeNull();
  });

  it("a limit in another unit is not drawn", () => {
    const ratio: Figure = { value: 0.99, unit: "ratio", provenance: "declared", refs: [] };
    expect(intervalScale(upTo(5), ms(3), ratio)?.limit).toBeNull();
  });

  it("a ratio's axis never passes 100 %", () => {
    const interval = { lower: 0.99, upper: 1, confidence: 0.95, unit: "ratio" };
    expect(intervalScale(interval, null, null)?.to).toBe(1);
  });
});
