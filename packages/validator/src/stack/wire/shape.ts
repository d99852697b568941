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

/** The text at a path; empty where there is none. Numbers and booleans are written out. */
export function textIn(value: unknown, path: string): string {
  const found = valueIn(value, path);
  if (typeof found === "string") return found;
  return typeof found === "number" || typeof found === "boolean" ? String(found) : "";
}
