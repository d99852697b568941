/**
 * The reference target of the load engine: a process of its own on raw sockets that records its own
 * arrival and service times and gives them out on a control socket, so that truth is read, not
 * assumed.
 *
 * ```ts
 * await using target = await startReferenceTarget({ delayMs: 10 });
 * const { requests, arrivedMs, doneMs } = await target.truth();
 * ```
 *
 * | path | what answers |
 * |---|---|
 * | `/v1/models`, others below `/v1/` | a list of one model; 404 |
 * | any | fixed delay, quota, error share, faults |
 * | `.../chat/completions`, `/stream` | chat as JSON or events |
 * | `/rag/documents`, `/rag/query` | documents by tenant that may be forgotten or leaked |
 * | `/mcp` | MCP 2025-11-25 and 2026-07-28 |
 * | `/ws` | rooms over WebSocket with known loss |
 */
export type { Truth } from "./ledger.ts";
export type { TargetOptions } from "./options.ts";
export { type ReferenceTarget, startReferenceTarget } from "./start.ts";
export { firstChunkTimes, rankValue, serviceTimes, stallWaits } from "./truth.ts";
