/** Reads plain data that somebody wrote: every problem is noted with its path, nothing is thrown. */
import type { Problem } from "../claim.ts";
import { findNearest } from "../plan/nearest.ts";
import { percentText } from "./claims.ts";
import type { SloCode } from "./errors.ts";

/** Problems found so far; what is read after one is still read. */
export interface Reading {
  readonly problems: Problem[];
}

export type Fields = Readonly<Record<string, unknown>>;

const depthMax = 200;

/** Notes a problem at a path. */
export function note(r: Reading, code: SloCode, path: string, message: string): void {
  if (r.problems.length < depthMax) r.problems.push({ code, path, message });
}

/** `a.b` from its two parts; the first may be empty. */
export const joined = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

/** Whether a value is a map. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A map; null and a problem for anything else. */
export function readMap(r: Reading, value: unknown, path: string): Fields | null {
  if (isFields(value)) return value;
  note(r, "LL_SLO_SHAPE", path, `expected a map, found ${kindOf(value)}`);
  return null;
}

/** A map that has none but the known keys; unknown ones are noted with the nearest known. */
export function readFields(
  r: Reading,
  value: unknown,
  path: string,
  known: readonly string[],
): Fields | null {
  const fields = readMap(r, value, path);
  if (fields !== null) refuseUnknown(r, fields, path, known);
  return fields;
}

/** Notes every key that is not known. */
export function refuseUnknown(
  r: Reading,
  fields: Fields,
  path: string,
  known: readonly string[],
): void {
  for (const key of Object.keys(fields)) {
    if (known.includes(key)) continue;
    const nearest = findNearest(key, known);
    const hint = nearest === null ? ` Known: ${known.join(", ")}.` : ` Did you mean ${nearest}?`;
    note(r, "LL_SLO_UNKNOWN_KEY", joined(path, key), `unknown key.${hint}`);
  }
}

/** A list; null and a problem for anything else. */
export function readList(r: Reading, value: unknown, path: string): readonly unknown[] | null {
  if (Array.isArray(value)) return value;
  note(r, "LL_SLO_SHAPE", path, `expected a list, found ${kindOf(value)}`);
  return null;
}

/** A text of 1 to 2000 characters; null and a problem for anything else. */
export function readText(r: Reading, value: unknown, path: string): string | null {
  if (typeof value === "string" && value.length > 0 && value.length <= 2000) return value;
  note(r, "LL_SLO_SHAPE", path, `expected text, found ${kindOf(value)}`);
  return null;
}

/** A finite number of at least 0. */
export function readNumber(r: Reading, value: unknown, path: string): number | null {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  note(r, "LL_SLO_SHAPE", path, `expected a number of at least 0, found ${kindOf(value)}`);
  return null;
}

/** One of a closed set. */
export function readOneOf<T extends string>(
  r: Reading,
  value: unknown,
  path: string,
  known: readonly T[],
): T | null {
  const found = known.find((one) => one === value);
  if (found !== undefined) return found;
  note(r, "LL_SLO_SHAPE", path, `expected one of ${known.join(", ")}, found ${kindOf(value)}`);
  return null;
}

/** As `readPercent`, of what is promised: 0.995 is no percentage that anybody means. */
export function readPromisedPercent(r: Reading, value: unknown, path: string): number | null {
  const bare = typeof value === "string" && !value.includes("%") ? Number(value) : value;
  if (typeof bare !== "number" || !(bare > 0 && bare <= 1)) return readPercent(r, value, path);
  note(r, "LL_SLO_UNIT", path, `${bare} has no unit; write "${percentText(bare)}" or "${bare} %"`);
  return null;
}

/** `99.5`, `"99.5"` or `"99.5 %"` as 0.995; 0 to 100. */
export function readPercent(r: Reading, value: unknown, path: string): number | null {
  const text = typeof value === "number" ? String(value) : value;
  const found = typeof text === "string" ? /^\s*(\d+(?:\.\d+)?)\s*%?\s*$/.exec(text)?.[1] : null;
  const percent = Number(found ?? Number.NaN);
  if (percent >= 0 && percent <= 100) return Number((percent / 100).toPrecision(12));
  note(r, "LL_SLO_SHAPE", path, `expected a percentage from 0 to 100, found ${kindOf(value)}`);
  return null;
}

/** `"99.5 %"` or 0.995 as 0.995: a bare number is a share, never a percentage. */
export function readShare(r: Reading, value: unknown, path: string): number | null {
  if (typeof value === "string" && value.includes("%")) return readPercent(r, value, path);
  if (typeof value === "number" && value >= 0 && value <= 1) return value;
  note(r, "LL_SLO_UNIT", path, `expected 0..1 or "99.5 %", found ${kindOf(value)}`);
  return null;
}

const unitsMs: ReadonlyMap<string, number> = new Map(
  (
    [
      [1, "ms millisecond milliseconds"],
      [1000, "s sec second seconds"],
      [60_000, "m min minute minutes"],
      [3_600_000, "h hour hours"],
      [86_400_000, "d day days"],
      [7 * 86_400_000, "w week weeks"],
      [30 * 86_400_000, "month months"],
      [90 * 86_400_000, "quarter quarters"],
      [365 * 86_400_000, "y year years"],
    ] as const
  ).flatMap(([ms, names]) => names.split(" ").map((name): [string, number] => [name, ms])),
);

/** `"30 days"`, `"1h"` or `"50.4 minutes"` in ms; null for anything else. */
export function parseSpan(text: string): number | null {
  const [, count, unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*$/.exec(text) ?? [];
  // One letter is taken as it stands: elsewhere M is a month.
  const unitMs = unitsMs.get(unit.length > 1 ? unit.toLowerCase() : unit);
  if (count === undefined || unitMs === undefined) return null;
  return Number((Number(count) * unitMs).toPrecision(12));
}

/** A time in ms; a bare number counts in `bareMs`, and is refused where that is not given. */
export function readSpan(r: Reading, value: unknown, path: string, bareMs?: number): number | null {
  if (typeof value === "number" && value >= 0 && bareMs !== undefined) return value * bareMs;
  const span = typeof value === "string" ? parseSpan(value) : null;
  if (span !== null) return span;
  note(r, "LL_SLO_UNIT", path, `expected a time such as "30 days", found ${kindOf(value)}`);
  return null;
}

/** The value as a message shows it, at most 40 characters. */
export function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
