import type { Clock } from "@loadline/kit/clock";
import type { Front } from "../front/front.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Health } from "./health.ts";

export interface DrainReport {
  /** Requests under way at the start that ended by themselves. */
  readonly finished: number;
  /** Requests ended by the deadline. */
  readonly cut: number;
}

const cutBeforeMs = 2000;
const sentPollMs = 20;

/**
 * Not ready at once; accepts for `acceptMs`; requests run on until 2 s before `graceMs` (at once
 * when that is shorter), then each is ended with an explicit error. Connections stay open until their
 * readers have taken what was written, at most for half of the time that is left then: the other half
 * is for what is still to be stored and sent.
 */
export async function drain(
  o: {
    clock: Clock;
    health: Pick<Health, "setDraining">;
    pipeline: Pick<Pipeline, "inFlight" | "onIdle" | "refuse">;
    front: Pick<Front, "beginDrain" | "stopAccepting" | "hasUnsent" | "close">;
  },
  times: { acceptMs: number; graceMs: number },
): Promise<DrainReport> {
  const { clock, pipeline, front } = o;
  const atStart = pipeline.inFlight.size;
  const startedMs = clock.monotonicMs();
  o.health.setDraining();
  front.beginDrain();
  if (times.acceptMs > 0) await clock.sleep(times.acceptMs);
  front.stopAccepting();
  const cutMs = Math.max(times.graceMs - cutBeforeMs, Math.min(times.graceMs, times.acceptMs));
  const leftMs = Math.max(0, cutMs - (clock.monotonicMs() - startedMs));
  await idleOrTimeout(clock, pipeline, leftMs);
  const cut = pipeline.inFlight.size;
  pipeline.inFlight.each((x) => {
    if (x.cancel) x.cancel("drained");
    else pipeline.refuse(x, { code: "LL_SERVER_DRAINING" });
  });
  // Lets the last error frames leave the sockets before they are closed.
  if (cut > 0) await clock.sleep(Math.min(cutBeforeMs, 100));
  const sentMs = (cutMs + times.graceMs) / 2;
  while (front.hasUnsent && clock.monotonicMs() - startedMs < sentMs) await clock.sleep(sentPollMs);
  await front.close();
  return { finished: Math.max(0, atStart - cut), cut };
}

function idleOrTimeout(
  clock: Clock,
  pipeline: Pick<Pipeline, "onIdle">,
  leftMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(leftMs, () => resolve());
    pipeline.onIdle(() => {
      timer.cancel();
      resolve();
    });
  });
}
