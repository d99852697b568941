/**
 * Values that came from outside, looked at before they are used.
 *
 * ```ts
 * const value = parseJson(text);
 * if (isRecord(value) && value["error"] !== undefined) refuse();
 * ```
 */

/** A parsed JSON value with members. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Whether a value is an object with members: no array, not null. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `JSON.parse` that answers undefined for a text that is not JSON; no JSON text means undefined. */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}
