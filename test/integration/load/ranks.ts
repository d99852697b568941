import { rankValue } from "../../../packages/testkit/src/reference-target/index.ts";
import { unless } from "./rounds.ts";

const ranks = [
  ["med", 0.5],
  ["p(90)", 0.9],
] as const;

/**
 * What of a tool's median and p90, ms, is not the target's own: over `belowMs` less, or `aboveMs`
 * more. A busy machine adds to the tool's, and now and then holds the target up before its stamp.
 */
export function ranksOff(
  figures: Readonly<Record<string, number>>,
  times: readonly number[],
  o: { readonly tool: string; readonly belowMs: number; readonly aboveMs: number },
): string[] {
  return ranks.flatMap(([key, q]) => {
    const offMs = (figures[key] ?? Number.NaN) - rankValue(times, q);
    const what = `${o.tool}'s ${key} is ${offMs.toFixed(1)} ms from the target's, -${o.belowMs} to ${o.aboveMs}`;
    return unless(offMs > -o.belowMs && offMs < o.aboveMs, what);
  });
}
