import type { ScheduledScenario } from "../scenario-types.ts";
import { arrivalChunks } from "../schedule/arrivals.ts";
import type { Executor } from "./executor.ts";
import { openUsers, sendArrivals } from "./open-loop.ts";
import type { OpenUsers } from "./open-users.ts";

/** One iteration per arrival of the scenario's schedule. */
export function scheduledArrivals(scenario: ScheduledScenario, durationMs: number): Executor {
  let users: OpenUsers | null = null;
  return {
    async run(x) {
      const all = openUsers(scenario, x);
      users = all;
      const source = {
        chunks: arrivalChunks(scenario, x.seed),
        startMs: x.startMs,
        firstIndex: 0,
        endMs: x.startMs + durationMs,
        terms: scenario,
      };
      await sendArrivals(x, source, (index, dueMs, wakeMs) => all.arrive(index, dueMs, wakeMs));
    },
    close: () => users?.close(),
  };
}
