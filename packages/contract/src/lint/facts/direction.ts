import type { Amount, Field } from "../types.ts";

const lower =
  /\b(?:latency|response|error|errors|loss|lost|failures?|failed|p\d\d|ttft|time|duration|rto|rpo|cpu|memory|cost|vulnerabilit\w*|restarts?|downtime|lag|delay|drops?|bugs?|defects?|recovery)\b/i;
const higher =
  /\b(?:availability|uptime|success|pass|passed|coverage|throughput|rps|qps|rate of success|accuracy|recall|precision|score|hit rate|capacity|users|completion|requests per second|tokens per second)\b/i;

/** Whether a value must stay under its limit or reach it; null when the words do not tell. */
export function directionOf(names: string, limit: Amount): "below" | "above" | null {
  if (limit.comparator === "<") return "below";
  if (limit.comparator === ">") return "above";
  if (limit.comparator === "~") return null;
  const isHigher = higher.test(names);
  const isLower = lower.test(names) || limit.dimension === "time";
  if (isHigher === isLower) return isHigher && limit.dimension === "time" ? "below" : null;
  return isLower ? "below" : "above";
}

/** True when a measured value misses its limit by more than its own rounding. */
export function misses(value: Amount, limit: Amount, direction: "below" | "above"): boolean {
  const shown = limit.upper !== undefined && direction === "below" ? limit.upper : limit.value;
  const reached = value.upper !== undefined && direction === "below" ? value.upper : value.value;
  return direction === "below" ? reached > shown + 1e-9 : reached < shown - 1e-9;
}

/** The single figure of a cell, bound or not. */
export function onlyAmount(field: Field | undefined): Amount | null {
  const [amount, second] = field?.amounts ?? [];
  return amount === undefined || second !== undefined ? null : amount;
}
