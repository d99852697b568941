import type { Exec, ExecContext, IterationEnd } from "../../engine/exec.ts";
import type { LoadOutcome } from "../../engine/flight.ts";
import type { Answer, At } from "../asked.ts";
import type { RoomsOptions } from "./options.ts";
import { Rooms } from "./rooms.ts";

/** A scenario of rooms alone: an iteration is one message, or one round trip. */
export interface RoomsScenario extends RoomsOptions {
  /**
   * Sockets of this worker, opened with the first iteration, which waits for all of them; they take
   * turns to speak. Default: one per virtual user.
   */
  readonly members?: number;
  /** Share of iterations that are round trips (0..1), spread evenly; default 0. */
  readonly callShare?: number;
}

/** The Exec of such a scenario. */
export function createRoomsExec(o: RoomsScenario, context: ExecContext): Exec {
  const rooms = new Rooms(o, context);
  const { members, callShare = 0 } = o;
  let isGathered = members === undefined;
  return {
    start(it, ended) {
      const { index, intendedMs, wakeMs } = it;
      if (!isGathered) {
        isGathered = true;
        const connectStep = o.connectStep ?? 0;
        rooms.gather(members ?? 0, {
          step: connectStep,
          index: 0,
          intendedMs: Number.NaN,
          wakeMs: Number.NaN,
        });
      }
      const at: At = { step: 0, index, intendedMs, wakeMs };
      const turn = Math.floor(index / context.workers);
      const member = members === undefined ? it.vu : turn % members;
      const done = ({ outcome, flight }: Answer): void => ended(endOf(outcome, flight.status));
      // Exactly the share, whatever the number of iterations.
      const isCall = Math.floor((turn + 1) * callShare) > Math.floor(turn * callShare);
      if (isCall) rooms.call(member, at, done);
      else rooms.say(member, at, done);
    },
    close: async () => await rooms.close(),
  };
}

function endOf(outcome: LoadOutcome, status: number): IterationEnd {
  if (outcome === "ok") return "ok";
  return status === 0 && outcome !== "timeout_first_byte" ? "refused" : "bad";
}
