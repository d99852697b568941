import type { ExportedResult } from "./results.ts";

/** What another tool's result files say, in one shape; all times in ms. */
export interface ForeignRun {
  readonly tool: "k6" | "locust";
  readonly format: ForeignFormat;
  /** Of the tool; null when the file does not say. */
  readonly version: string | null;
  /** UTC; null when the file does not say. */
  readonly measuredAt: string | null;
  /** By selector, `name` or `name{tag:value}`. */
  readonly metrics: ReadonlyMap<string, ForeignMetric>;
  /** What the tool said of its own thresholds: shown, never believed. */
  readonly thresholds: readonly ForeignThreshold[];
  /** Failures by their text, where the files list them. */
  readonly failures: readonly { readonly text: string; readonly count: number }[];
  /** Exact counts on intended times, of a script that Loadline exported. */
  readonly exact?: ExportedResult;
  /** What a reader has to know about these figures, one sentence each. */
  readonly notes: readonly string[];
}

export type ForeignFormat =
  | "k6-summary-export"
  | "k6-handle-summary"
  | "k6-machine-readable"
  | "k6-exported-script"
  | "locust-json"
  | "locust-csv";

export interface ForeignThreshold {
  readonly selector: string;
  readonly expression: string;
  /** True: the tool says it was not kept. */
  readonly crossed: boolean;
}

export interface ForeignMetric {
  readonly selector: string;
  readonly kind: "trend" | "rate" | "counter" | "gauge";
  /** Samples of a trend, rows of a rate, sum of a counter; null when the file does not say. */
  readonly count: number | null;
  /** Rates: how many were true. */
  readonly trues: number | null;
  /** By aggregation as thresholds name it: `avg`, `min`, `med`, `max`, `p(95)`, `rate`, `value`. */
  readonly figures: Readonly<Record<string, number>>;
  /** Whether figures are times. */
  readonly isTime: boolean;
  /** How percentiles were made: between two ranks, or from rounded buckets. */
  readonly rounding: "interpolated" | "two-digits";
  /** Rounded values with their counts; null when only figures exist. */
  readonly buckets: readonly (readonly [ms: number, count: number])[] | null;
  /** `[n, bad]` per second of a rate, oldest first; null when unknown. */
  readonly perSecond: readonly (readonly [number, number])[] | null;
}

/** One file handed to an import. */
export interface ForeignFile {
  readonly name: string;
  readonly text: string;
}

/** A run of which nothing is known: the tool was not there. */
export function absentRun(tool: ForeignRun["tool"]): ForeignRun {
  const format = tool === "k6" ? "k6-summary-export" : "locust-json";
  const nothing = { metrics: new Map(), thresholds: [], failures: [], notes: [] };
  return { tool, format, version: null, measuredAt: null, ...nothing };
}

const blank = {
  count: null,
  trues: null,
  figures: {},
  isTime: false,
  rounding: "interpolated",
  buckets: null,
  perSecond: null,
} as const;

/** A metric with what is not given left unknown. */
export function foreignMetric(
  given: Pick<ForeignMetric, "selector" | "kind"> & Partial<ForeignMetric>,
): ForeignMetric {
  return { ...blank, ...given };
}

/** `name` and `tags` of `name{a:b,c:d}`; tags as they stand. */
export function splitSelector(selector: string): { name: string; tags: string } {
  const open = selector.indexOf("{");
  if (open === -1 || !selector.endsWith("}")) return { name: selector, tags: "" };
  return { name: selector.slice(0, open), tags: selector.slice(open + 1, -1) };
}

/** The selector of another metric with the same tags. */
export function withTags(name: string, tags: string): string {
  return tags === "" ? name : `${name}{${tags}}`;
}
