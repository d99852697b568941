import type { FindPeakScenario } from "../scenario-types.ts";
import { curveChunks } from "../schedule/arrivals.ts";
import { constantCurve } from "../schedule/curve.ts";
import type { Executor } from "./executor.ts";
import { openUsers, sendArrivals } from "./open-loop.ts";
import type { OpenUsers } from "./open-users.ts";

/** Open model: steps of a search for the peak, each with a rate and a seed from the control thread. */
export function findPeak(scenario: FindPeakScenario): Executor {
  let users: OpenUsers | null = null;
  return {
    async run(x) {
      const all = openUsers(scenario, x);
      users = all;
      for (let step = await x.nextStep(); step !== null; step = await x.nextStep()) {
        const { startMs, durationMs, firstIndex, ended } = step;
        x.enterPhase(step.phase);
        const chunks = curveChunks(constantCurve(step.rate, durationMs), scenario, step.seed);
        const endMs = startMs + durationMs;
        const source = { chunks, startMs, firstIndex, endMs, terms: scenario, cut: ended };
        await sendArrivals(x, source, (index, dueMs, wakeMs) => all.arrive(index, dueMs, wakeMs));
        if (x.stopped()) break;
      }
      x.enterPhase(-1);
    },
    close: () => users?.close(),
  };
}
