import type { Clock } from "@loadline/kit/clock";

const periodMs = 10;

/** Resolves once `holds` is true; rejects when it was not within `deadlineMs`. */
export async function eventually(
  clock: Clock,
  holds: () => boolean | Promise<boolean>,
  deadlineMs: number,
): Promise<void> {
  const endMs = clock.monotonicMs() + deadlineMs;
  for (;;) {
    if (await holds()) return;
    if (clock.monotonicMs() >= endMs) throw new Error(`did not hold within ${deadlineMs} ms`);
    await clock.sleep(periodMs);
  }
}
