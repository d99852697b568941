import type { Operator } from "./threshold.ts";

/** Whether a value keeps its limit, as k6 compares; of NaN only `!=` is true. */
export function compare(value: number, operator: Operator, limit: number): boolean {
  switch (operator) {
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
    case "==":
    case "===":
      return value === limit;
    case "!=":
      return value !== limit;
  }
}
