import { jitterOf } from "./closed-terms.ts";
import type { ExecutorContext } from "./executor.ts";
import { Users, type UsersTerms } from "./users.ts";

export const maxDurationMsDefault = 600_000;

/** Runs users until their iterations are spent, at most for the scenario's longest duration. */
export async function runIterations(
  x: ExecutorContext,
  o: { vus: number; maxDurationMs?: number; startJitterMs?: number },
  terms: UsersTerms,
): Promise<void> {
  await x.pause(Math.max(0, x.startMs - x.clock.monotonicMs()));
  const users = new Users(x, terms);
  const maxMs = o.maxDurationMs ?? maxDurationMsDefault;
  users.want(o.vus, jitterOf(o, maxMs));
  const untilMs = Math.max(0, x.startMs + maxMs - x.clock.monotonicMs());
  await Promise.race([users.allLeft(), x.pause(untilMs)]);
  users.want(0, 0);
}
