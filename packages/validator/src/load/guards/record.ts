import { type Guard, latencyKinds } from "./guard.ts";

export const record: Guard = {
  id: "guard.load.record",
  summary: "every value was kept where it belongs",
  reason: "gaps",
  kinds: latencyKinds,
  saboteur: { overflow: 2 },
  judge: (v) => ({
    holds: v.overflow === 0 && v.foldedFigures === 0,
    invalidates: "both",
    seen: `${v.overflow} values were beyond the histogram's range, ${v.foldedFigures} beyond the cap of series.`,
    figure: `${v.overflow + v.foldedFigures} values`,
    limit: "0",
  }),
};
