import type { Scenario } from "../scenario-types.ts";

/** Turns of a scenario's sessions; 0 where iterations are no turns. */
export function turnsOf(scenario: Scenario): number {
  return scenario.executor === "sessions" ? scenario.turns : 0;
}

/** Session of an iteration, else its virtual user; and the arrival that its row follows from. */
export function sessionOf(
  index: number,
  vu: number,
  turns: number,
): { readonly session: number; readonly arrival: number } {
  if (turns === 0) return { session: vu, arrival: index };
  const session = Math.floor(index / turns);
  return { session, arrival: session };
}
