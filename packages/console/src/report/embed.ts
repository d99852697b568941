import { packRecords, type PackedModel } from "../model/packing.ts";
import type { CappedModel } from "./limits.ts";

/**
 * The model as JSON that cannot leave its script element: `<` is written as an escape, so neither a
 * closing tag nor a comment can occur, and so are the separators some parsers take for line ends.
 */
export function embedModel(capped: CappedModel): string {
  const { records, ...rest } = capped.model;
  const packed: PackedModel = { ...rest, records: packRecords(records), left: capped.left };
  return JSON.stringify(packed)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}
