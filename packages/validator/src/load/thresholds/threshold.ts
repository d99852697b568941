export const operators = ["<=", "<", ">=", ">", "===", "==", "!="] as const;
export type Operator = (typeof operators)[number];

export const words = ["value", "count", "rate", "avg", "min", "med", "max"] as const;
export type Aggregation = (typeof words)[number] | "p";

/** Units of a limit: times, a ratio in per cent, events per second. */
export const units = ["us", "ms", "s", "m", "%", "/s"] as const;
export type LimitUnit = (typeof units)[number];

/** What a threshold asks for beyond k6's expression. */
export interface Clauses {
  /** One part per tumbling window of this length, ms; the worst decides. */
  readonly overMs?: number;
  /** An early stop needs every look of this span, ms. */
  readonly forMs?: number;
  /** Fewer samples decide nothing. */
  readonly minSamples?: number;
  /** One-sided, 0.9..0.999. */
  readonly confidence?: number;
  /** From the intended time, or from the moment of sending. */
  readonly clock?: "intended" | "sent";
}

export type Limit =
  | { readonly kind: "value"; readonly value: number; readonly unit: LimitUnit | null }
  /** Not worse than the baseline by more than `share`, 0.1 = 10 %. */
  | { readonly kind: "baseline"; readonly share: number };

/** One expression, read and not yet bound to a metric. */
export interface Threshold {
  readonly text: string;
  readonly aggregation: Aggregation;
  /** 0..1, of `p` and `med`. */
  readonly quantile: number | null;
  readonly operator: Operator;
  readonly limit: Limit;
  readonly clauses: Clauses;
}

/** Why a text is no threshold, and the 0-based position where reading stopped. */
export interface ThresholdProblem {
  readonly message: string;
  readonly at: number;
}

export type ParsedThreshold =
  | { readonly ok: true; readonly threshold: Threshold }
  | { readonly ok: false; readonly problem: ThresholdProblem };
