import type { ConstantVusScenario } from "../types.ts";
import type { Executor } from "./executor.ts";
import { Users } from "./users.ts";

const startJitterMs = 1000;

/** Closed model: a fixed number of users for the whole duration. */
export function constantVus(scenario: ConstantVusScenario): Executor {
  return {
    async run(x) {
      await x.pause(Math.max(0, x.startMs - x.clock.monotonicMs()));
      const users = new Users(x, scenario.thinkMs ?? 0);
      users.want(scenario.vus, Math.min(startJitterMs, scenario.durationMs / 20));
      await x.pause(Math.max(0, x.startMs + scenario.durationMs - x.clock.monotonicMs()));
      users.want(0, 0);
    },
  };
}
