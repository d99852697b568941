import type { Clock } from "../clock/index.ts";

const everyMs = 1000;
const firstMs = Number.NEGATIVE_INFINITY;

/**
 * Says whether a line may be written: the first of its name, and then one a second or more after the
 * last that was. Names are the program's own, and few: each is remembered.
 */
export function oncePerSecond(clock: Pick<Clock, "monotonicMs">): (name?: string) => boolean {
  const lastMs = new Map<string, number>();
  return (name = "") => {
    const nowMs = clock.monotonicMs();
    if (nowMs - (lastMs.get(name) ?? firstMs) < everyMs) return false;
    lastMs.set(name, nowMs);
    return true;
  };
}
