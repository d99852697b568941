import { binomialAtLeast, type Claim, type SampleTally } from "@loadline/contract";
import type { StopSpec } from "./bound-claim.ts";

/** One claim whose failure may end the run. */
export interface StopCandidate {
  readonly stop: StopSpec;
  readonly claim: Pick<Claim, "id" | "target" | "confidence">;
  /** Of a figure: whether it is past its limit so far. */
  readonly isPast?: (tallies: readonly SampleTally[], elapsedMs: number) => boolean;
}

/** Why a run is ended early. */
export interface EarlyStop {
  readonly claim: string;
  /** `evidence`: the failure is proven at this look, the sample may be closed with these counts. */
  readonly on: "evidence" | "point";
  readonly sentence: string;
  readonly tallies: readonly SampleTally[];
}

interface State {
  readonly candidate: StopCandidate;
  looks: number;
  /** Ms since which every look told to stop; null: the last one did not. */
  sinceMs: number | null;
}

/** Requests of a claim that are due and not ended, by claim; none where it is not named. */
export type UnderWay = Readonly<Record<string, number>>;

/**
 * Looks at the counts while a run goes on. Look k stops on evidence only if the chance of as many
 * bad ones is at most a / (k (k + 1)): over all looks that adds up to a, so peeking cannot make a
 * failure. What is under way is taken for good: refusals come sooner than answers.
 */
export class StopRule {
  readonly #states: readonly State[];

  constructor(candidates: readonly StopCandidate[]) {
    this.#states = candidates.map((candidate) => ({ candidate, looks: 0, sinceMs: null }));
  }

  /** One look at the run so far; the first claim that ends it, or null. */
  look(
    elapsedMs: number,
    seen: readonly { readonly claim: string; readonly tally: SampleTally }[],
    underWay: UnderWay = {},
  ): EarlyStop | null {
    for (const state of this.#states) {
      const { stop } = state.candidate;
      if (elapsedMs < stop.delayMs) continue;
      const tallies = seen.filter(({ claim }) => claim === stop.claim).map(({ tally }) => tally);
      const told = lookAt(state, tallies, { elapsedMs, open: underWay[stop.claim] ?? 0 });
      if (told === null) {
        state.sinceMs = null;
        continue;
      }
      state.sinceMs ??= elapsedMs;
      if (elapsedMs - state.sinceMs >= stop.forMs) {
        return { claim: stop.claim, on: stop.on, sentence: told, tallies };
      }
    }
    return null;
  }
}

/** A sentence when this look tells to stop. */
function lookAt(
  state: State,
  tallies: readonly SampleTally[],
  { elapsedMs, open }: { readonly elapsedMs: number; readonly open: number },
): string | null {
  const { claim, stop, isPast } = state.candidate;
  const n = tallies.reduce((sum, tally) => sum + tally.n, 0);
  const bad = tallies.reduce((sum, tally) => sum + tally.bad, 0);
  const { target } = claim;
  if (isPast !== undefined) {
    if (!isPast(tallies, elapsedMs)) return null;
    return `${claim.id}: past its limit at look ${++state.looks} (k6's rule; nothing is proven)`;
  }
  if (n === 0 || target === undefined) return null;
  state.looks++;
  const besides = open === 0 ? "" : ` and ${open} under way`;
  const seen = `${claim.id}: ${bad} bad of ${n}${besides} at look ${state.looks}`;
  if (stop.on === "point") {
    return bad / n > 1 - target ? `${seen}, over the limit (k6's rule; nothing is proven)` : null;
  }
  const spent = (1 - claim.confidence) / (state.looks * (state.looks + 1));
  if (bad === 0 || binomialAtLeast(bad, n + open, 1 - target) > spent) return null;
  return `${seen}, as many by chance in at most ${spent.toPrecision(2)} of runs`;
}
