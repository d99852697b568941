/**
 * Counters, gauges and histograms in typed arrays, rendered as OpenMetrics text. Every label set
 * exists with value 0 from the start, so the first scrape is already true.
 *
 * ```ts
 * const metrics = createMetrics();
 * const hits = metrics.counter("loadline_hits", "Hits.", { route: ["a", "b"] });
 * hits.add(hits.slot([1])); // route="b"
 * metrics.render();
 * ```
 */
export { growingLabel, type GrowingLabel } from "./growing-label.ts";
export { createMetrics } from "./metrics.ts";
export type { Counter, Gauge, Histogram, LabelSpace, Metrics } from "./metrics.ts";
