import { isRecord } from "@loadline/kit/json";
import { loadErrors } from "../errors.ts";
import type { ForeignFile } from "./foreign.ts";

export const isNumber = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value);

export const isText = (value: unknown): value is string => typeof value === "string";

/** A count as written, null for anything that is none. */
export const countOf = (value: unknown): number | null =>
  isNumber(value) && value >= 0 ? value : null;

/** A count of things, null for anything that is none. */
export const wholeOf = (value: unknown): number | null =>
  Number.isSafeInteger(value) ? countOf(value) : null;

const keysShown = 12;

/** LL_LOAD_IMPORT_FORMAT with the file and what was seen in it. */
export function refuseFile(file: Pick<ForeignFile, "name">, what: string, cause?: unknown): Error {
  return loadErrors.make("LL_LOAD_IMPORT_FORMAT", `${file.name}: ${what}.`, { cause });
}

/** The keys of an object for a message. */
export function keysSeen(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (!isRecord(value)) return `a ${value === null ? "null" : typeof value}`;
  const keys = Object.keys(value);
  const more = keys.length > keysShown ? `, ${keys.length - keysShown} more` : "";
  return keys.length === 0 ? "no keys" : `keys ${keys.slice(0, keysShown).join(", ")}${more}`;
}

/** Parsed JSON of a file. @throws LL_LOAD_IMPORT_FORMAT */
export function parseFile(file: ForeignFile): unknown {
  try {
    return JSON.parse(file.text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "no JSON";
    throw refuseFile(file, `no JSON (${why})`, cause);
  }
}
