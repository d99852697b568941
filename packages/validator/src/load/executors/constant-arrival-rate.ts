import { setImmediate as nextTurn } from "node:timers/promises";
import { arrivalChunks } from "../schedule/arrivals.ts";
import type { ArrivalScenario } from "../types.ts";
import type { Executor } from "./executor.ts";
import { maxVusDefault, OpenUsers } from "./open-users.ts";

/** Sends before the loop gets a turn to read answers, when the sender is behind. */
const burstMax = 64;
const queueMax = 100_000;

/** Open model: arrivals at their times; a late sender keeps the intended times and catches up. */
export function constantArrivalRate(scenario: ArrivalScenario): Executor {
  let users: OpenUsers | null = null;
  return {
    async run(x) {
      users = new OpenUsers(x, { preAllocated: 0, usersMax: maxVusDefault, queueMax });
      let burst = 0;
      let index = 0;
      for (const chunk of arrivalChunks(scenario, x.seed)) {
        for (const offsetMs of chunk) {
          const dueMs = x.startMs + offsetMs;
          let nowMs = x.clock.monotonicMs();
          if (nowMs < dueMs) {
            burst = 0;
            await x.pacer.until(dueMs);
            nowMs = x.clock.monotonicMs();
          } else if (++burst >= burstMax) {
            burst = 0;
            await nextTurn();
          }
          if (x.stopped()) return;
          users.arrive(index++, dueMs, nowMs);
        }
      }
    },
    close: () => users?.close(),
  };
}
