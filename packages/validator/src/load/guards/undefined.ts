import { type Guard, latencyKinds } from "./guard.ts";

export const undefinedValues: Guard = {
  id: "guard.load.undefined",
  summary: "no failure rests on missing values alone",
  reason: "gaps",
  kinds: latencyKinds,
  saboteur: { bad: 50, over: 50, missingMetric: 50 },
  judge(v) {
    const allowed = (1 - v.target) * v.n;
    const carried = v.bad > allowed && v.bad - v.missingMetric <= allowed;
    // A mean or an extreme may fail by what was not measured: how much, nobody can tell.
    const mayCarry = v.figures && v.undefined > 0;
    return {
      holds: !carried && !mayCarry,
      invalidates: "fail",
      seen: `${v.undefined + v.missingMetric} of ${v.n} answers lacked the measured value.`,
      figure: `${v.undefined + v.missingMetric} undefined`,
      limit: `${Math.floor(allowed)} bad allowed`,
    };
  },
};
