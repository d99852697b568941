import type { RampingVusScenario } from "../types.ts";
import type { Executor } from "./executor.ts";
import { Users } from "./users.ts";

const stepMs = 100;

/** Closed model: the number of users moves linearly from stage to stage, beginning at 0. */
export function rampingVus(scenario: RampingVusScenario): Executor {
  return {
    async run(x) {
      await x.pause(Math.max(0, x.startMs - x.clock.monotonicMs()));
      const users = new Users(x, scenario.thinkMs ?? 0);
      for (;;) {
        const wanted = usersAt(scenario.stages, x.clock.monotonicMs() - x.startMs);
        users.want(wanted ?? 0, stepMs);
        if (wanted === null || x.stopped()) return;
        await x.pause(stepMs);
      }
    },
  };
}

/** Users wanted at an offset in ms; null after the last stage. */
export function usersAt(stages: RampingVusScenario["stages"], offsetMs: number): number | null {
  let from = 0;
  let startMs = 0;
  for (const { durationMs, target } of stages) {
    if (offsetMs < startMs + durationMs) {
      return Math.round(from + ((target - from) * (offsetMs - startMs)) / durationMs);
    }
    from = target;
    startMs += durationMs;
  }
  return null;
}
