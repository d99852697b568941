import { type Guard, latencyKinds } from "./guard.ts";

export const record: Guard = {
  id: "guard.load.record",
  summary: "every value was kept where it belongs",
  reason: "gaps",
  kinds: latencyKinds,
  saboteur: { overflow: 2 },
  judge: (v) => ({
    holds: v.overflow === 0 && v.folded === 0,
    invalidates: "both",
    seen: `${v.overflow} values were beyond the histogram's range, ${v.folded} beyond the cap of series.`,
    figure: `${v.overflow + v.folded} values`,
    limit: "0",
  }),
};
