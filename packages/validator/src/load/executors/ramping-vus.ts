import type { RampingVusScenario } from "../scenario-types.ts";
import { durationOf } from "../plan/duration.ts";
import type { Executor } from "./executor.ts";
import { Users } from "./users.ts";

const stepMs = 100;

/** Closed model: the number of users moves linearly from stage to stage. */
export function rampingVus(scenario: RampingVusScenario): Executor {
  return {
    async run(x) {
      await x.pause(Math.max(0, x.startMs - x.clock.monotonicMs()));
      const users = new Users(x, { ...scenario, untilMs: x.startMs + durationOf(scenario) });
      for (;;) {
        const wanted = usersAt(scenario, x.clock.monotonicMs() - x.startMs);
        if (wanted === null || x.stopped()) break;
        users.want(x.edit()?.users ?? wanted, scenario.startJitterMs ?? stepMs);
        await x.pause(stepMs);
      }
      users.want(0, 0);
    },
  };
}

/** Users wanted at an offset in ms; null after the last stage. */
export function usersAt(
  scenario: Pick<RampingVusScenario, "startVus" | "stages">,
  offsetMs: number,
): number | null {
  let from = scenario.startVus ?? 0;
  let startMs = 0;
  for (const { durationMs, target } of scenario.stages) {
    if (offsetMs < startMs + durationMs) {
      return Math.round(from + ((target - from) * (offsetMs - startMs)) / durationMs);
    }
    from = target;
    startMs += durationMs;
  }
  return null;
}
