import { setImmediate as nextTurn } from "node:timers/promises";
import { arrivalChunks } from "../schedule/arrivals.ts";
import type { ArrivalScenario } from "../types.ts";
import type { Executor } from "./executor.ts";

/** Sends before the loop gets a turn to read answers, when the sender is behind. */
const burstMax = 64;

/** Open model: arrivals at their times; a late sender keeps the intended times and catches up. */
export function constantArrivalRate(scenario: ArrivalScenario): Executor {
  const answered = (): void => {};
  return {
    async run(x) {
      let burst = 0;
      for (const chunk of arrivalChunks(scenario, x.seed)) {
        for (const offsetMs of chunk) {
          const dueMs = x.startMs + offsetMs;
          if (x.clock.monotonicMs() < dueMs) {
            burst = 0;
            await x.pacer.until(dueMs);
          } else if (++burst >= burstMax) {
            burst = 0;
            await nextTurn();
          }
          if (x.stopped()) return;
          x.request(dueMs, answered);
        }
      }
    },
  };
}
