import type { Random } from "@loadline/kit/random";
import type { Member, Strategy } from "./strategy.ts";

/** Of two targets drawn at random the one with the lower latency x (calls under way + 1). */
export function leastLatency(random: Random): Strategy {
  return {
    ramps: false,
    pick({ members, count, nowMs }) {
      const at = random.below(count);
      const other = (at + 1 + random.below(count - 1)) % count;
      const [one, two] = [members[at], members[other]];
      if (!one || !two) return one ?? two;
      return isBetter(two, one, nowMs) ? two : one;
    },
  };
}

function isBetter({ state: a }: Member, { state: b }: Member, nowMs: number): boolean {
  // Without a sample of both, only the calls under way can be compared.
  if (!a.latency.hasSample || !b.latency.hasSample) return a.inFlight < b.inFlight;
  const costA = a.latency.valueMs(nowMs) * (a.inFlight + 1);
  return costA < b.latency.valueMs(nowMs) * (b.inFlight + 1);
}
