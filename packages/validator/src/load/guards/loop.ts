import { delayMatters, type Guard, latencyKinds, ms, toleranceMs, unmoved } from "./guard.ts";

export const loop: Guard = {
  id: "guard.load.loop",
  summary: "the sender's event loop turns without delay",
  reason: "generator",
  kinds: latencyKinds,
  saboteur: { loopP99Ms: 80, over: 50, bad: 50 },
  judge(v) {
    const allowedMs = toleranceMs(v, 2);
    // A closed model sends less while the loop stands: its mean share must stay small.
    const slowed = !v.open && v.loopMeanMs > allowedMs;
    const breached = slowed || (v.loopP99Ms > allowedMs && delayMatters(v));
    return {
      holds: !breached,
      invalidates: slowed ? "both" : "fail",
      seen: `The event loop's delay had a p99 of ${ms(v.loopP99Ms)}, tolerance ${ms(allowedMs)}${v.loopP99Ms > allowedMs && !breached ? unmoved : ""}.`,
      figure: ms(v.loopP99Ms),
      limit: ms(allowedMs),
    };
  },
};
