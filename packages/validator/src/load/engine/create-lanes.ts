import type { LoadPlan } from "../types.ts";
import type { ControlDeps } from "./control.ts";
import { createInlineLane } from "./inline-lane.ts";
import type { Lane, LaneEvents } from "./lane.ts";
import { createProcessLanes } from "./process-lanes.ts";
import { createThreadLane } from "./thread-lane.ts";
import { workersOf } from "./workers.ts";

/** The senders of a plan: arrival i is sent by number i mod their count. */
export function createLanes(plan: LoadPlan, deps: ControlDeps, events: LaneEvents): Lane[] {
  const { pacing } = deps;
  if (deps.senders === "inline") {
    return [createInlineLane({ plan, pacing, worker: 0, workers: 1 }, deps, events)];
  }
  const each = workersOf(plan);
  const processes = plan.processes ?? 1;
  if (processes > 1) {
    const workers = each * processes;
    return Array.from({ length: processes }, (_, process) =>
      createProcessLanes({ plan, pacing, first: process * each, count: each, workers }, events),
    ).flat();
  }
  const workers = each;
  return Array.from({ length: workers }, (_, worker) =>
    createThreadLane({ plan, pacing, worker, workers }, deps.clock, events),
  );
}
