import { contentionMatters, type Guard, latencyKinds, unmoved } from "./guard.ts";

const percentMax = 25;

export const pressure: Guard = {
  id: "guard.load.pressure",
  summary: "the machine's processors were not contended",
  reason: "noise",
  kinds: latencyKinds,
  saboteur: { pressurePercent: 60, over: 50, bad: 50 },
  judge(v) {
    const percent = v.pressurePercent;
    const over = percent !== null && percent > percentMax;
    const holds = !over || !contentionMatters(v);
    return {
      holds,
      invalidates: "fail",
      seen:
        percent === null
          ? "The kernel reports no CPU pressure."
          : `CPU pressure (some avg10) reached ${Math.round(percent)} %, limit ${percentMax} %${over && holds ? unmoved : ""}.`,
      figure: percent === null ? "unknown" : `${Math.round(percent)} %`,
      limit: `${percentMax} %`,
    };
  },
};
