import type { ConstantVusScenario } from "../scenario-types.ts";
import { jitterOf } from "./closed-terms.ts";
import type { Executor } from "./executor.ts";
import { Users } from "./users.ts";

/** Closed model: a fixed number of users for the whole duration. */
export function constantVus(scenario: ConstantVusScenario): Executor {
  return {
    async run(x) {
      await x.pause(Math.max(0, x.startMs - x.clock.monotonicMs()));
      const endMs = x.startMs + scenario.durationMs;
      const users = new Users(x, { ...scenario, untilMs: endMs });
      const jitterMs = jitterOf(scenario, scenario.durationMs);
      users.want(scenario.vus, jitterMs);
      for (;;) {
        await x.pause(Math.max(0, endMs - x.clock.monotonicMs()));
        if (x.stopped() || x.clock.monotonicMs() >= endMs) break;
        users.want(x.edit()?.users ?? scenario.vus, jitterMs);
      }
      users.want(0, 0);
    },
  };
}
