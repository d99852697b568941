import type { HeldBytes } from "../stream/settings.ts";
import { type CallDeps, CallRun } from "./call-run.ts";
import { modelOnly, type Stage } from "./stage.ts";

/** Calls the route's targets until one answers; relays its answer or stream. */
export function callStage(deps: CallDeps): Stage {
  const held: HeldBytes = { total: 0 };
  return {
    id: "call",
    summary: "upstream -> client",
    wired: modelOnly,
    run(x) {
      // The exit comes from the upstream's events, so the pipeline ends here.
      new CallRun(x, deps, held).start();
      return undefined;
    },
  };
}
