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

/** The value when it is a count (0 or more), else undefined. */
export function countOf(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && Number.isFinite(value) ? value : undefined;
}

export function isFilled(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
