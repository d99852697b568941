import type { Random } from "@loadline/kit/random";
import { type AnswerKind, answerKindOf } from "../answer-kind.ts";
import type { Member, Strategy } from "./strategy.ts";

/**
 * Of two targets drawn at random the one with the lower time to the first content x (calls under way
 * + 1); for a stream that of streams counts, else that of whole answers.
 */
export function leastLatency(random: Random): Strategy {
  return {
    ramps: false,
    pick({ members, count, x, nowMs }) {
      const at = random.below(count);
      const other = (at + 1 + random.below(count - 1)) % count;
      const [one, two] = [members[at], members[other]];
      if (!one || !two) return one ?? two;
      return isBetter(two, one, { answers: answerKindOf(x), nowMs }) ? two : one;
    },
  };
}

function isBetter(
  { state: a }: Member,
  { state: b }: Member,
  { answers, nowMs }: { readonly answers: AnswerKind; readonly nowMs: number },
): boolean {
  const [ofA, ofB] = [a.latency[answers], b.latency[answers]];
  // Without a sample of both, only the calls under way can be compared.
  if (!ofA.hasSample || !ofB.hasSample) return a.inFlight < b.inFlight;
  return ofA.valueMs(nowMs) * (a.inFlight + 1) < ofB.valueMs(nowMs) * (b.inFlight + 1);
}
