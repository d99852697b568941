import { jitterOf } from "./closed-terms.ts";
import { type ExecutorContext, shareOf } from "./executor.ts";
import { Users, type UsersTerms } from "./users.ts";

export const maxDurationMsDefault = 600_000;
/** Iterations that were never begun are counted one by one up to here, per worker. */
export const missingMax = 100_000;

/**
 * Runs users until their iterations are spent, at most for the scenario's longest duration: what
 * was not begun by then is `dropped`, as in k6.
 */
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
  const allLeft = users.allLeft().then(() => false);
  // Not asked of the clock again: a timer may fire a fraction of a millisecond before its time.
  const isOver = await Promise.race([allLeft, x.pause(untilMs).then(() => true)]);
  const isLate = isOver && !x.stopped();
  users.want(0, 0);
  if (isLate) drop(x, users.missing(shareOf(o.vus, x)), x.startMs + maxMs - 1);
}

function drop(x: ExecutorContext, missing: number, intendedMs: number): void {
  if (missing === 0) return;
  for (let i = 0; i < Math.min(missing, missingMax); i++) x.lose(i, intendedMs, "dropped");
  const rest = missing > missingMax ? `, the first ${missingMax} of them counted` : "";
  x.event(`${missing} iterations were not begun within the longest duration${rest}: dropped.`);
}
