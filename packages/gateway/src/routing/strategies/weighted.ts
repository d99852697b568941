import type { Member, Strategy } from "./strategy.ts";

/** Smooth weighted round robin: within a cycle each target gets its share, evenly spread. */
export const weighted: Strategy = {
  ramps: true,
  pick({ members, count, nowMs }) {
    let total = 0;
    let best: Member | undefined;
    for (let i = 0; i < count; i++) {
      const member = members[i];
      if (!member) continue;
      const weight = member.state.weight * member.state.ramp.share(nowMs);
      total += weight;
      member.current += weight;
      if (!best || member.current > best.current) best = member;
    }
    if (best) best.current -= total;
    return best;
  },
};
