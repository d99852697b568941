import { type Guard, latencyKinds } from "./guard.ts";

const shareMin = 0.99;

export const sent: Guard = {
  id: "guard.load.sent",
  summary: "what fell due was sent",
  reason: "gaps",
  kinds: latencyKinds,
  saboteur: { dropped: 3 },
  judge: (v) => ({
    holds: v.dropped === 0 && v.sent >= shareMin * v.due,
    invalidates: "pass",
    seen: `${v.sent} of ${v.due} due requests were sent, ${v.dropped} dropped.`,
    figure: `${v.dropped} dropped`,
    limit: "0",
  }),
};
