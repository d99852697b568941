import type { GuardObservation } from "@loadline/contract";
import type { LadderResult } from "../record/ladder-result.ts";

/** What each round of a ladder came to for one claim, and what is wanted of it. */
export interface RoundsView {
  readonly values: readonly number[];
  readonly atLeast: number;
}

/** The figure of every round by itself; none of a number of users that was not held. */
export function roundValues(
  { sizes }: LadderResult,
  rule: { readonly users: number; readonly of: "okPerSecond" | "speedUp" },
): readonly number[] {
  const [base] = sizes;
  const size = sizes.find(({ users }) => users === rule.users);
  if (base === undefined || size === undefined) return [];
  if (rule.of === "okPerSecond") return size.rounds;
  return size.rounds.map((ok, round) => ok / ((base.rounds[round] ?? 0) / base.users));
}

/** Voids what the rounds of a ladder do not say with one voice: their mean lies within their noise. */
export const roundsGuard = {
  id: "guard.load.rounds",
  summary: "every round of a ladder kept its limit, or none did",
  reason: "noise",
  saboteur: { values: [1.08, 0.95, 0.94], atLeast: 1 } satisfies RoundsView,
  judge({ values, atLeast }: RoundsView): Omit<GuardObservation, "streams"> {
    const kept = values.filter((one) => one >= atLeast).length;
    const said = values.map((one) => Number(one.toPrecision(3))).join(", ");
    return {
      guard: "guard.load.rounds",
      holds: kept === 0 || kept === values.length,
      invalidates: "both",
      kinds: ["predicate"],
      reason: "noise",
      seen: `${kept} of ${values.length} rounds reached ${atLeast}: ${said}.`,
    };
  },
} as const;
