import type { Random } from "@loadline/kit/random";

const startJitterMs = 1000;

/** A pause in ms: fixed, or drawn evenly between the two. */
export function drawPause(pause: number | readonly [number, number], random: Random): number {
  if (typeof pause === "number") return pause;
  const [min, max] = pause;
  return min + random.unit() * (max - min);
}

/** Spread of users' first starts in ms: users in lock-step queue behind each other. */
export function jitterOf(scenario: { startJitterMs?: number }, durationMs: number): number {
  return scenario.startJitterMs ?? Math.min(startJitterMs, durationMs / 20);
}
