import type { StackSeen } from "../probe.ts";

/** A part for which the parts before it left no time: nothing was asked, so it is not tested. */
export const outOfTime = (part: string, reproduce: readonly string[]): StackSeen => ({
  ok: false,
  isUntold: true,
  seen: `${part}: nothing was asked, the time of the check was over.`,
  part,
  reproduce,
});
