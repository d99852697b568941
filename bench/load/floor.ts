import { median } from "../figures.ts";

/** Of one figure: held by its median, surely broken, or open because its rounds lie around the gate. */
export type Held = "held" | "broken" | "open";

/** Student's t, one-sided 99.9 %, for 2 to 9 degrees of freedom. */
const t999 = [22.33, 10.21, 7.173, 5.893, 5.208, 4.785, 4.501, 4.297];

/** What is less counts as so much: a difference may come out below 0. */
const least = 1e-3;

/**
 * Whether a positive figure is over what a gate lets through. A floor that a
 * build stands on must not break by chance: it does where the lower end of the 99.9 % interval of the
 * rounds' geometric mean is above the gate. From 3 rounds on; a round that is no number breaks it.
 */
export function holds(rounds: readonly number[], gate: number): Held {
  if (median(rounds) <= gate) return "held";
  const logs = rounds.map((one) => Math.log(Math.max(one, least)));
  const n = logs.length;
  const mean = logs.reduce((sum, one) => sum + one, 0) / n;
  const variance = logs.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (n - 1);
  // Of more rounds it is less: the last is on the safe side.
  const t = t999[Math.min(n - 3, t999.length - 1)] ?? Number.NaN;
  const lower = mean - t * Math.sqrt(variance / n);
  return lower <= Math.log(gate) ? "open" : "broken";
}
