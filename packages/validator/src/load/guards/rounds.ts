import type { Claim, GuardObservation } from "@loadline/contract";
import type { LadderClaim } from "../profiles/profile.ts";
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

/** Where more users begin to bring waiting alone, as a sentence. */
export function kneeText({ sizes, knee }: LadderResult): string {
  const users = sizes.map((size) => size.users).join(", ");
  const where =
    knee === null ? "none of them is a knee" : `the knee is ${knee}: more brought waiting alone`;
  return `Of ${users} users at once ${where}.`;
}

/** What the guard says of a ladder and one claim of it. */
export function judgeRounds(
  held: LadderResult,
  { claim, rule }: { readonly claim: Pick<Claim, "of">; readonly rule: LadderClaim },
): GuardObservation {
  const values = roundValues(held, rule);
  return { ...roundsGuard.judge({ values, atLeast: rule.atLeast }), streams: [claim.of] };
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
