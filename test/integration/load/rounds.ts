import { expect, type TestContext } from "vitest";
import { readStolen, stolenBetween } from "../../../packages/validator/src/load/engine/stolen.ts";
import { cpuWaitedMs, notTested, pressurePercentMax, quietest, skipNotTested } from "../machine.ts";

/** A sentence for what does not hold; none for what does. */
export const unless = (holds: boolean, what: string): string[] => (holds ? [] : [what]);

/** With more of its time stolen from this machine, in per cent, a figure may be another machine's doing. */
const stolenPercentMax = 1;

interface Round {
  readonly seen: readonly string[];
  /** Why the machine may have made what is off; null when nothing says so. */
  readonly excuse: string | null;
}

async function roundOf(measure: () => Promise<readonly string[]>): Promise<Round> {
  const [startMs, waitedMs, before] = [performance.now(), cpuWaitedMs(), readStolen()];
  const seen = await measure();
  const share = (cpuWaitedMs() - waitedMs) / (performance.now() - startMs);
  const pressure = waitedMs === 0 ? 100 : Math.round(share * 100);
  const { stealPercent, throttledPeriods } = stolenBetween(before, readStolen());
  const isBusy =
    pressure > pressurePercentMax || stealPercent > stolenPercentMax || throttledPeriods > 0;
  const why = `PSI ${pressure} %, ${stealPercent.toFixed(1)} % stolen, ${throttledPeriods} x throttled`;
  return { seen, excuse: isBusy ? why : null };
}

/**
 * Measures until a round has nothing off, at most `roundsMax` times. `measure` fails for what holds
 * on any machine and returns a sentence for each figure that a busy one may explain. What the last
 * round has off fails the test, or counts it as skipped where a CPU was waited for in a quarter of
 * that round or taken away: what the code under test does itself is off in every one.
 */
export async function judgeRounds(
  context: Pick<TestContext, "skip">,
  measure: () => Promise<readonly string[]>,
  roundsMax = 3,
): Promise<void> {
  const { seen, excuse } = await quietest(
    () => roundOf(measure),
    (round) => round.seen.length === 0,
    roundsMax,
  );
  if (seen.length > 0 && excuse !== null)
    skipNotTested(context, [notTested(seen.join("; "), excuse)]);
  expect(seen).toEqual([]);
}
