import { type Guard, latencyKinds } from "./guard.ts";

export const schedule: Guard = {
  id: "guard.load.schedule",
  summary: "nobody changed users or rate while the run went on",
  reason: "gaps",
  kinds: latencyKinds,
  saboteur: { edited: true },
  judge: (v) => ({
    holds: !v.edited,
    invalidates: "both",
    seen: v.edited
      ? "Users or rate were changed live: the traffic is not the plan's."
      : "The schedule ran as planned.",
    figure: v.edited ? "edited" : "0 edits",
    limit: "0",
  }),
};
