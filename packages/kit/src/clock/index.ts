/**
 * Time, passed in. Nothing else in Loadline reads a clock or starts a timer.
 *
 * ```ts
 * const clock = systemClock();
 * const started = clock.monotonicMs();
 * await clock.sleep(50, signal);
 * ```
 */
export type { Clock, Timer } from "./clock.ts";
export { isoTime, monotonicUs } from "./clock.ts";
export { systemClock } from "./system.ts";
export { TestClock } from "./test-clock.ts";
