/**
 * The load engine: sends a written-down amount of traffic at written-down times and records what
 * came back. It observes and never decides; claims and verdicts are contract's.
 *
 * ```ts
 * for await (const record of runLoad(plan, { clock, signal })) write(record);
 * ```
 */
export { loadErrors } from "./errors.ts";
export { checkLoadPlan } from "./plan/check.ts";
export { loadCaps } from "./plan/check-scenario.ts";
export { loadGuards } from "./guards/index.ts";
export { runLoad } from "./run-load.ts";
export type * from "./types.ts";
