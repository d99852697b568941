/**
 * Hands items to a sink that may be slow, dead or frozen, without anyone ever waiting for it: a ring
 * of bounded size, batches, back-off, and a count of everything that was lost.
 *
 * ```ts
 * const exporter = createExporter<string>({ clock, queueMax: 2048, batchMax: 512, everyMs: 5000,
 *   timeoutMs: 10_000, send, onSent, onDropped });
 * exporter.push("one item");
 * await exporter.close(1000);
 * ```
 */
export { createExporter } from "./exporter.ts";
export type { Exporter, ExporterHealth, ExporterOptions, SendOutcome } from "./types.ts";
