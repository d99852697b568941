import {
  delayBlurs,
  delayMatters,
  type Guard,
  type GuardView,
  latencyKinds,
  ms,
  unservedMatters,
  standExplains,
  toleranceMs,
  unmoved,
} from "./guard.ts";

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
    const stood = standExplains(v.loopMaxMs, v.shortestTimeoutMs) && delayMatters(v);
    const isLate = v.loopP99Ms > allowedMs;
    const blurs = delayBlurs(v, v.loopP99Ms, allowedMs);
    const matters = blurs || delayMatters(v) || unservedMatters(v);
    const breached = slowed || stood || (isLate && matters);
    return {
      holds: !breached,
      invalidates: slowed ? "both" : blurs ? "pass" : "fail",
      seen: `The event loop's delay had a p99 of ${ms(v.loopP99Ms)}, tolerance ${ms(allowedMs)}${isLate && !breached ? unmoved : ""}.${stood ? stand(v) : ""}`,
      figure: ms(v.loopP99Ms),
      limit: ms(allowedMs),
    };
  },
};

function stand({ loopMaxMs, shortestTimeoutMs }: GuardView): string {
  return ` It once stood for ${ms(loopMaxMs)}: a timeout of ${ms(shortestTimeoutMs ?? 0)} may have been its doing.`;
}
