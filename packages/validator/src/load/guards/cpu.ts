import { contentionMatters, type Guard, latencyKinds, percent, unmoved } from "./guard.ts";

const shareMax = 0.8;

export const cpu: Guard = {
  id: "guard.load.cpu",
  summary: "the sender's thread is not saturated",
  reason: "generator",
  kinds: latencyKinds,
  saboteur: { cpuP90: 0.97, over: 50, bad: 50 },
  judge(v) {
    const over = v.cpuP90 >= shareMax;
    const breached = over && (contentionMatters(v) || !v.open);
    return {
      holds: !breached,
      invalidates: v.open ? "fail" : "both",
      seen: `The sender used ${Math.round(v.cpuP90 * 100)} % of a core (p90), limit 80 %${over && !breached ? unmoved : ""}.`,
      figure: percent(v.cpuP90),
      limit: percent(shareMax),
    };
  },
};
