import { describe, expect, it } from "vitest";
import { median } from "../../bench/figures.ts";
import { holds } from "../../bench/load/floor.ts";

describe("the floor of the load engine's costs", () => {
  it("a median at the gate or below it holds, whatever single rounds did", () => {
    expect(holds([0.9, 1, 5], 1)).toBe("held");
    expect(holds([0.8, 0.9, 0.95, 1.4, 1.5], 1)).toBe("held");
  });

  it("a cost that every round finds a quarter above the gate breaks it", () => {
    expect(holds([1.24, 1.25, 1.26, 1.27, 1.25], 1)).toBe("broken");
    expect(holds([2.5, 2.51, 2.52], 2)).toBe("broken");
  });

  it("rounds around the gate are neither: not tested is not passed, and no build falls by chance", () => {
    expect(holds([0.95, 1.02, 1.07, 1.1, 0.99], 1)).toBe("open");
    expect(holds([1.01, 1.3, 1.2], 1)).toBe("open");
    const many = [0.95, 1.02, 1.07, 1.1, 0.99, 1.3, 0.9, 1.2, 1.01, 1.05];
    expect([holds(many, 1), holds([...many, ...many], 1)]).toEqual(["open", "open"]);
  });

  it("a difference below 0 is small, not wrong", () => {
    expect(holds([-1, 5, 6], 4)).toBe("open");
    expect(holds([-1, -2, 6], 4)).toBe("held");
  });

  it("what was not measured holds no gate", () => {
    expect(holds([], 1)).toBe("broken");
    expect(holds([Number.NaN, Number.NaN, Number.NaN], 1)).toBe("broken");
    expect(holds([Number.NaN, 0.5, 0.5, 0.5, 0.5], 1)).toBe("broken");
    expect(median([])).toBeNaN();
    expect(median([0.5, Number.NaN, 0.5])).toBeNaN();
  });

  it("of 10,000 floors whose true cost is the gate itself, none breaks in more than one of 500", () => {
    let state = 7;
    const uniform = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state + 0.5) / 2 ** 32;
    };
    const normal = (): number =>
      Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    let broken = 0;
    for (let at = 0; at < 10_000; at++) {
      const rounds = Array.from({ length: 5 }, () => Math.exp(0.08 * normal()));
      if (holds(rounds, 1) === "broken") broken++;
    }
    expect(broken).toBeLessThanOrEqual(20);
  });
});
