/**
 * Raw-socket targets with a known truth, for the load engine: one with a fixed delay or a
 * stop-the-world stall, in a thread of its own, and one that answers with given bytes.
 *
 * ```ts
 * await using server = await startStallServer({ delayMs: 10, stallMs: 0, everyMs: 1000 });
 * ```
 */
export { startScriptedServer } from "./scripted.ts";
export type { ScriptedServer } from "./scripted.ts";
export { startStallServer } from "./stall.ts";
export type { StallPlan, StallServer } from "./stall.ts";
