import { rankValue } from "../../../packages/testkit/src/reference-target/index.ts";
import { expect } from "vitest";
import { machinePressurePercent, notTested, pressurePercentMax } from "../machine.ts";

const ranks = [
  ["med", 0.5],
  ["p(90)", 0.9],
] as const;

/**
 * Holds a tool's median and p90, ms, to the target's own: at most `belowMs` less and less than
 * `aboveMs` more. Returns what a busy machine may have added to, so that nothing is shown by it.
 */
export function expectRanks(
  figures: Readonly<Record<string, number>>,
  times: readonly number[],
  o: { readonly tool: string; readonly belowMs: number; readonly aboveMs: number },
): string[] {
  return ranks.flatMap(([key, q]) => {
    const own = rankValue(times, q);
    expect(figures[key], key).toBeGreaterThan(own - o.belowMs);
    const offMs = (figures[key] ?? Number.NaN) - own;
    const pressure = machinePressurePercent();
    if (offMs >= o.aboveMs && pressure > pressurePercentMax) {
      const what = `${o.tool}'s ${key} within ${o.aboveMs} ms of the target's`;
      return [notTested(what, `PSI ${pressure} %`)];
    }
    expect(offMs, key).toBeLessThan(o.aboveMs);
    return [];
  });
}
