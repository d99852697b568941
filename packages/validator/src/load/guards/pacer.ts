import {
  delayBlurs,
  delayMatters,
  failsAnyway,
  type Guard,
  type GuardView,
  latencyKinds,
  ms,
  standExplains,
  toleranceMs,
  unmoved,
} from "./guard.ts";

/** After a lag this large what was held back leaves as a burst that nobody planned. */
const burstMs = 1_000;

/** A lag this large is another traffic than the plan's, whatever the latencies say. */
const otherTrafficMs = 100;

export const pacer: Guard = {
  id: "guard.load.pacer",
  summary: "requests leave when they fall due",
  reason: "generator",
  kinds: latencyKinds,
  saboteur: { lagP99Ms: 250 },
  judge(v) {
    const allowedMs = toleranceMs(v, 1);
    const other = v.lagP99Ms > Math.max(otherTrafficMs, allowedMs);
    const blurs = delayBlurs(v, v.lagP99Ms, allowedMs);
    const matters = blurs || delayMatters(v);
    const harmless = v.lagP99Ms > allowedMs && !matters && !other;
    const breached = v.open && (other || (v.lagP99Ms > allowedMs && matters));
    return {
      holds: !breached,
      invalidates: other ? (outlasted(v) ? "pass" : "both") : blurs ? "pass" : "fail",
      seen: `The sender's lag had a p99 of ${ms(v.lagP99Ms)}, tolerance ${ms(allowedMs)}${harmless ? unmoved : ""}.`,
      figure: ms(v.lagP99Ms),
      limit: ms(allowedMs),
    };
  },
};

/**
 * Calls that waited for many times the lag carry the failure: other traffic, yet no burst, and a
 * target that hangs.
 */
function outlasted(v: GuardView): boolean {
  const { shortestTimeoutMs: timeoutMs, lagP99Ms } = v;
  if (timeoutMs === null || lagP99Ms >= burstMs) return false;
  return failsAnyway(v) && !standExplains(lagP99Ms, timeoutMs);
}
