import type { Clock } from "@loadline/kit/clock";
import type { Lane, LaneEvents, LaneInput } from "./lane.ts";
import { LaneState } from "./lane-state.ts";
import type { Pacer } from "./pacer.ts";
import { SenderHost } from "./sender-host.ts";

/** A sender in the control thread itself: for blocks of a comparison, benchmarks and tests. */
export function createInlineLane(
  input: LaneInput,
  { clock, pacer }: { readonly clock: Clock; readonly pacer?: Pacer | undefined },
  events: LaneEvents,
): Lane {
  const state = new LaneState(input.plan, input.worker, events);
  const host = new SenderHost(input, clock, (message) => {
    if (message.type === "ready") state.readyWith(host.recorder);
    // Its figures are in the recorder that is looked at.
    else if (message.type !== "figure") state.hear(message);
  });
  const running = host.run(pacer);
  return {
    worker: input.worker,
    recorder: host.recorder,
    ready: state.ready,
    ended: state.ended,
    command: (command) => host.command(command),
    close: () => running,
  };
}
