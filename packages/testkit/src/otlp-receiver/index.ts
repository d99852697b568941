/**
 * An OTLP/HTTP receiver of traces that takes nothing but what the protocol says (JSON encoding), and
 * that can be dead, slow, frozen, busy, or choosy.
 *
 * ```ts
 * await using receiver = await startOtlpReceiver();
 * receiver.behave({ kind: "frozen" });
 * receiver.spans; // what was accepted so far
 * ```
 */
export { startOtlpReceiver } from "./receiver.ts";
export type { OtlpReceiver, ReceiverBehaviour } from "./receiver.ts";
export { readExport, type ReceivedSpan } from "./read-export.ts";
