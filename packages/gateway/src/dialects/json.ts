import { isRecord, type JsonRecord } from "@loadline/kit/json";

export { isRecord, type JsonRecord };

/** The value's members; none when it is not an object. */
export function recordOf(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}

/** The value's elements; none when it is not an array. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value when it is a string, else "". */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** No answer has more tokens: a larger figure is no count. */
const countMax = 100_000_000;

/** The value when it is a count of 0 to 100 million, a fraction rounded up, else undefined. */
export function countOf(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && value <= countMax
    ? Math.ceil(value)
    : undefined;
}

export function isFilled(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
