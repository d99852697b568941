import { formatDuration } from "@loadline/contract";
import { loadErrors } from "../errors.ts";
import { aggregationsOf, type MetricRow } from "./metrics.ts";
import type { Limit, LimitUnit, Threshold } from "./threshold.ts";

/** A limit in the metric's base unit. */
export interface LimitValue {
  readonly value: number;
  readonly unit: "ms" | "ratio" | "per_second" | "count" | "bytes";
  /** With its unit, as reports print it. */
  readonly text: string;
}

const msOf: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000 };

/** @throws LL_LOAD_THRESHOLD_TYPE when the metric has no such aggregation, naming those it has. */
export function checkAggregation(selector: string, metric: MetricRow, threshold: Threshold): void {
  const allowed = aggregationsOf(metric.type);
  if (allowed.includes(threshold.aggregation)) return;
  const names = allowed.map((one) => (one === "p" ? "p(N)" : one)).join(", ");
  const what = `${selector} is a ${metric.type}: ${threshold.aggregation} does not apply`;
  throw typeError(threshold, `${what}; it has ${names}`);
}

/** The limit of a threshold on this metric. @throws LL_LOAD_THRESHOLD_TYPE for a foreign unit. */
export function limitValue(
  metric: MetricRow,
  threshold: Threshold,
  limit: Extract<Limit, { kind: "value" }>,
): LimitValue {
  const { value, unit } = limit;
  if (metric.quantity === "time") return timeValue(threshold, value, unit);
  if (metric.type === "rate" && unit !== "/s") return ratioValue(threshold, value, unit);
  if (unit === "/s" || (metric.type === "counter" && threshold.aggregation === "rate")) {
    if (unit !== null && unit !== "/s") throw unitError(threshold, metric, unit);
    return { value, unit: "per_second", text: `${value}/s` };
  }
  if (unit !== null) throw unitError(threshold, metric, unit);
  const isBytes = metric.quantity === "bytes";
  return {
    value,
    unit: isBytes ? "bytes" : "count",
    text: isBytes ? `${value} bytes` : `${value}`,
  };
}

function timeValue(threshold: Threshold, value: number, unit: LimitUnit | null): LimitValue {
  const factor = msOf[unit ?? "ms"];
  if (factor === undefined) throw typeError(threshold, `a time has no unit ${unit}; use us ms s m`);
  const ms = Number((value * factor).toPrecision(12));
  return { value: ms, unit: "ms", text: ms < 0 ? `${ms} ms` : formatDuration(ms) };
}

function ratioValue(threshold: Threshold, value: number, unit: LimitUnit | null): LimitValue {
  if (unit !== null && unit !== "%")
    throw typeError(threshold, `a ratio has no unit ${unit}; use %`);
  const ratio = unit === "%" ? Number((value / 100).toPrecision(12)) : value;
  return { value: ratio, unit: "ratio", text: `${Number((ratio * 100).toPrecision(10))} %` };
}

function unitError(threshold: Threshold, metric: MetricRow, unit: string): Error {
  return typeError(threshold, `${metric.name} counts events and has no unit ${unit}`);
}

/** LL_LOAD_THRESHOLD_TYPE with the expression. */
export function typeError(threshold: Threshold, why: string): Error {
  const text = `thresholds: "${threshold.text}": ${why}.`;
  return loadErrors.make("LL_LOAD_THRESHOLD_TYPE", text);
}
