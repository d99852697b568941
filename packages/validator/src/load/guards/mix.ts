import { type Guard, latencyKinds } from "./guard.ts";

const pointsMax = 2;

export const mix: Guard = {
  id: "guard.load.mix",
  summary: "the parts of a mix were asked as often as planned",
  reason: "gaps",
  kinds: latencyKinds,
  saboteur: { mixOffPoints: 7 },
  judge: (v) => ({
    holds: v.mixOffPoints <= pointsMax,
    invalidates: "both",
    seen: `A part's share of due iterations was up to ${v.mixOffPoints.toFixed(1)} points from its weight, limit ${pointsMax}.`,
    figure: `${v.mixOffPoints.toFixed(1)} points`,
    limit: `${pointsMax}`,
  }),
};
