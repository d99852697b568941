import { isRecord } from "@loadline/kit/json";
import { createHash } from "node:crypto";
import { Secret } from "../config/values.ts";

const digestChars = 16;

/** Whether two parsed settings are the same, values of secrets included. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a instanceof Secret || b instanceof Secret)
    return a instanceof Secret && b instanceof Secret && a.reveal() === b.reveal();
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => isSame(item, b[i]));
  if (!isRecord(a) || !isRecord(b)) return Object.is(a, b);
  const keys = keysOf(a);
  return keys.length === keysOf(b).length && keys.every((key) => isSame(a[key], b[key]));
}

/** Paths of at most two keys, such as `http.bodyBytesMax` and `limits`, under which two differ. */
export function changedPaths(before: unknown, after: unknown): string[] {
  return changedKeys(before, after).flatMap((key) => {
    const one = memberOf(before, key);
    const other = memberOf(after, key);
    if (!isRecord(one) || !isRecord(other)) return [key];
    return changedKeys(one, other).map((inner) => `${key}.${inner}`);
  });
}

/** Names a configuration; secrets count by their reference alone. */
export function digestOf(value: unknown): string {
  const text = JSON.stringify(sorted(value));
  return createHash("sha256").update(text).digest("hex").slice(0, digestChars);
}

function changedKeys(before: unknown, after: unknown): string[] {
  const keys = new Set([...keysOf(before), ...keysOf(after)]);
  return [...keys].filter((key) => !isSame(memberOf(before, key), memberOf(after, key)));
}

function sorted(value: unknown): unknown {
  if (value instanceof Secret) return value.reference;
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    keysOf(value)
      .toSorted()
      .map((key) => [key, sorted(value[key])]),
  );
}

function keysOf(value: unknown): string[] {
  return isRecord(value) ? Object.keys(value).filter((key) => value[key] !== undefined) : [];
}

function memberOf(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}
