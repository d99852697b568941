/** `page`: users are hurt now. `ticket`: somebody looks within days. */
export type Severity = "page" | "ticket";

/** One alert with what the person who gets it is to do. */
export interface AlertRule {
  /** Without the prefix `Loadline`. */
  readonly name: string;
  readonly expr: string;
  /** How long `expr` holds before it fires, ms; 0: at the first evaluation. */
  readonly holdMs: number;
  readonly severity: Severity;
  /** One sentence; may name `$labels` and `$value`. */
  readonly summary: string;
  readonly remedy: string;
}

/** A series that Prometheus computes from others. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Rules that are evaluated together, in this order. */
export interface RuleGroup {
  readonly name: string;
  readonly recordings: readonly RecordingRule[];
  readonly alerts: readonly AlertRule[];
}

export const secondMs = 1000;
export const minuteMs = 60 * secondMs;
