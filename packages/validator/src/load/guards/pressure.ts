import { contentionMatters, type Guard, latencyKinds } from "./guard.ts";

const percentMax = 25;

export const pressure: Guard = {
  id: "guard.load.pressure",
  summary: "the machine's processors were not contended",
  reason: "noise",
  kinds: latencyKinds,
  saboteur: { pressurePercent: 60, over: 50, bad: 50 },
  judge(v) {
    const percent = v.pressurePercent;
    return {
      holds: percent === null || percent <= percentMax || !contentionMatters(v),
      invalidates: "fail",
      seen:
        percent === null
          ? "The kernel reports no CPU pressure."
          : `CPU pressure (some avg10) reached ${Math.round(percent)} %, limit ${percentMax} %.`,
      figure: percent === null ? "unknown" : `${Math.round(percent)} %`,
      limit: `${percentMax} %`,
    };
  },
};
