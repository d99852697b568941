import { seededRandom } from "@loadline/kit/random";
import type { IterationEnd } from "../engine/exec.ts";
import type { Vu } from "../engine/vu.ts";
import type { SessionsScenario } from "../scenario-types.ts";
import { gracefulStopMsDefault } from "../plan/duration.ts";
import { arrivalChunks } from "../schedule/arrivals.ts";
import { drawPause } from "./closed-terms.ts";
import type { Executor } from "./executor.ts";
import { openUsers, sendArrivals } from "./open-loop.ts";
import type { OpenUsers } from "./open-users.ts";

const pollMs = 20;

/**
 * Sessions arrive in an open model; a session is one user, so that what it keeps (its history)
 * grows with its turns. Turn k + 1 falls due at the end of turn k plus a thought from the seed.
 * Iteration index = session x turns + turn. A turn that fails ends its session. After the last
 * arrival, sessions under way have the graceful stop to come to their end.
 */
export function sessions(scenario: SessionsScenario): Executor {
  let users: OpenUsers | null = null;
  let thinking = 0;
  const { turns } = scenario;
  return {
    async run(x) {
      const next = (vu: Vu, end: IterationEnd): boolean => {
        const turn = (vu.index % turns) + 1;
        if (turn >= turns || end !== "ok" || x.stopped()) return false;
        const random = seededRandom((x.seed ^ Math.imul(vu.index + 1, 0x9e3779b1)) >>> 0);
        const dueMs = x.clock.monotonicMs() + drawPause(scenario.thinkMs ?? 0, random);
        const index = vu.index + 1;
        thinking++;
        x.clock.after(Math.max(0, dueMs - x.clock.monotonicMs()), () => {
          thinking--;
          // A turn that was not due by the end of the run is not due at all.
          if (x.stopped()) return;
          vu.index = index;
          vu.turn = turn;
          vu.intendedMs = dueMs;
          vu.wakeMs = x.clock.monotonicMs();
          x.start(vu);
        });
        return true;
      };
      const all = openUsers(scenario, x, next);
      users = all;
      const source = {
        chunks: arrivalChunks(scenario, x.seed),
        startMs: x.startMs,
        firstIndex: 0,
        endMs: x.startMs + scenario.durationMs,
        terms: scenario,
      };
      await sendArrivals(x, source, (index, dueMs, wakeMs) =>
        all.arrive(index * turns, dueMs, wakeMs),
      );
      // Sessions that have begun go on: cut off, the short ones would be left.
      const untilMs = x.clock.monotonicMs() + (scenario.gracefulStopMs ?? gracefulStopMsDefault);
      while (!x.stopped() && thinking + x.underWay() > 0 && x.clock.monotonicMs() < untilMs) {
        await x.pause(pollMs);
      }
    },
    close: () => users?.close(),
  };
}
