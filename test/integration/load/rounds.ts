import { expect, type TestContext } from "vitest";
import { readStolen, stolenBetween } from "../../../packages/validator/src/load/engine/stolen.ts";
import { cpuWaitedMs, notTested, pressurePercentMax, quietest, skipNotTested } from "../machine.ts";

/** A sentence for what does not hold; none for what does. */
export const unless = (holds: boolean, what: string): string[] => (holds ? [] : [what]);

/** With more of its time stolen from this machine, in per cent, a figure may be another machine's doing. */
const stolenPercentMax = 1;

/** Begins a look at the machine; its end says why that may have made what is off, null when nothing does. */
type Look = () => () => string | null;

const lookAtMachine: Look = () => {
  const [startMs, waitedMs, before] = [performance.now(), cpuWaitedMs(), readStolen()];
  return () => {
    const share = (cpuWaitedMs() - waitedMs) / (performance.now() - startMs);
    const pressure = waitedMs === 0 ? 100 : Math.round(share * 100);
    const { stealPercent, throttledPeriods } = stolenBetween(before, readStolen());
    const isBusy =
      pressure > pressurePercentMax || stealPercent > stolenPercentMax || throttledPeriods > 0;
    const why = `PSI ${pressure} %, ${stealPercent.toFixed(1)} % stolen, ${throttledPeriods} x throttled`;
    return isBusy ? why : null;
  };
};

/**
 * Measures until a round has nothing off, at most `roundsMax` times. `measure` fails for what holds
 * on any machine and returns a sentence for each figure that a busy one may explain. When each round
 * has something off, the test fails, or counts as skipped where in each of them a CPU was waited for
 * in a quarter of its time or taken away: one round on a quiet machine is enough to know.
 */
export async function judgeRounds(
  context: Pick<TestContext, "skip">,
  measure: () => Promise<readonly string[]>,
  roundsMax = 3,
  look = lookAtMachine,
): Promise<void> {
  const excuses: string[] = [];
  let unexcused: readonly string[] | undefined;
  const round = async (): Promise<readonly string[]> => {
    const excuseOf = look();
    const off = await measure();
    const excuse = excuseOf();
    if (excuse !== null) excuses.push(excuse);
    else if (off.length > 0) unexcused = off;
    return off;
  };
  const seen = await quietest(round, (off) => off.length === 0, roundsMax);
  if (seen.length > 0 && unexcused === undefined)
    skipNotTested(context, [notTested(seen.join("; "), excuses.join(", then "))]);
  expect(seen.length === 0 ? seen : unexcused).toEqual([]);
}
