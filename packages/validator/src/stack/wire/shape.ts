import { isRecord, type JsonRecord } from "@loadline/kit/json";

/** The value at a dotted path of members and indices; undefined where there is none. */
export function valueIn(value: unknown, path: string): unknown {
  let at = value;
  for (const name of path.split(".")) {
    if (Array.isArray(at)) at = at[Number(name)] as unknown;
    else if (isRecord(at)) at = at[name];
    else return undefined;
  }
  return at;
}

/** The objects of a list at a path; none where it is no list. */
export function recordsIn(value: unknown, path: string): readonly JsonRecord[] {
  const found = path === "" ? value : valueIn(value, path);
  return Array.isArray(found) ? found.filter((one: unknown) => isRecord(one)) : [];
}

/** A value as text; empty where it is none. Numbers and booleans are written out. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

/** The text at a path; empty where there is none. Numbers and booleans are written out. */
export function textIn(value: unknown, path: string): string {
  return textOf(valueIn(value, path));
}
