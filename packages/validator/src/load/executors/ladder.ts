import type { LadderScenario } from "../scenario-types.ts";
import { shuffle } from "../schedule/mix.ts";
import { durationOf } from "../plan/duration.ts";
import type { Executor } from "./executor.ts";
import { Users } from "./users.ts";

const roundsDefault = 3;

/** One hold of a ladder; counted in its phase from `countMs` to `untilMs`, ms from the start. */
export interface LadderStep {
  readonly phase: number;
  readonly users: number;
  readonly fromMs: number;
  readonly countMs: number;
  readonly untilMs: number;
}

/** Steps of all rounds, shuffled within each: a drift of the target must not pose as a knee. */
export function ladderSteps(scenario: LadderScenario, seed: number): LadderStep[] {
  const { users, holdMs } = scenario;
  const settleMs = scenario.settleMs ?? holdMs / 10;
  const sizes = users.map((_, i) => i);
  const steps: LadderStep[] = [];
  for (let round = 0; round < (scenario.rounds ?? roundsDefault); round++) {
    for (const at of shuffle(sizes, (seed ^ Math.imul(round + 1, 0x85ebca6b)) >>> 0)) {
      const fromMs = steps.length * holdMs;
      const size = users[at] ?? 0;
      const phase = round * users.length + at;
      const countMs = fromMs + settleMs;
      steps.push({ phase, users: size, fromMs, countMs, untilMs: fromMs + holdMs });
    }
  }
  return steps;
}

/** Closed model: holds each number of users in turn. */
export function ladder(scenario: LadderScenario): Executor {
  return {
    async run(x) {
      const users = new Users(x, { ...scenario, untilMs: x.startMs + durationOf(scenario) });
      const now = (): number => x.clock.monotonicMs() - x.startMs;
      const waitUntil = async (ms: number): Promise<void> => {
        while (!x.stopped() && now() < ms) await x.pause(Math.max(1, ms - now()));
      };
      for (const step of ladderSteps(scenario, x.seed)) {
        await waitUntil(step.fromMs);
        if (x.stopped()) break;
        x.enterPhase(-1);
        const halfSettledMs = (step.countMs - step.fromMs) / 2;
        users.want(step.users, scenario.startJitterMs ?? halfSettledMs);
        await waitUntil(step.countMs);
        x.enterPhase(step.phase);
        await waitUntil(step.untilMs);
      }
      x.enterPhase(-1);
      users.want(0, 0);
    },
  };
}
