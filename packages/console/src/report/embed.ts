import { packFindings, packRecords, type PackedModel } from "../model/packing.ts";
import { hiddenCharacters } from "../model/visible-text.ts";
import type { CappedModel } from "./limits.ts";

const escaped = (char: string): string =>
  [...Array.from({ length: char.length }).keys()]
    .map((unit) => `\\u${char.charCodeAt(unit).toString(16).padStart(4, "0")}`)
    .join("");

/** Members in order of name: a model read back from its files gives the bytes it gave in memory. */
function sorted(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The model as JSON that cannot leave its script element: `<` is written as an escape, so neither a
 * closing tag nor a comment can occur, and so are the characters that hide or reorder text for one
 * who reads the source.
 */
export function embedModel(capped: CappedModel): string {
  const { records, findings, ...rest } = capped.model;
  const packed: PackedModel = {
    ...rest,
    records: packRecords(records),
    findings: packFindings(findings, records),
    left: capped.left,
  };
  return JSON.stringify(packed, sorted)
    .replaceAll("<", "\\u003c")
    .replace(hiddenCharacters, escaped);
}
