import {
  type Fields,
  joined,
  note,
  readFields,
  readList,
  readMap,
  readNumber,
  readOneOf,
  readSpan,
  readText,
  type Reading,
} from "./fields.ts";
import type { Sli } from "./model.ts";
import { isSelectorText } from "./selector.ts";

const kinds = ["ratio", "latency", "loss", "throughput", "freshness"] as const;
type Kind = (typeof kinds)[number];

const keysOf: Readonly<Record<Kind, readonly string[]>> = {
  ratio: ["kind", "bad", "good", "total"],
  latency: ["kind", "under", "histogram", "bounds"],
  loss: ["kind", "lost"],
  throughput: ["kind", "minPerSecond", "good"],
  freshness: ["kind", "within", "timestamp"],
};
const selectors = ["bad", "good", "total", "histogram", "lost", "timestamp"];

/** Reads what is counted; selectors are names with matchers, nothing else. */
export function readSli(r: Reading, value: unknown, path: string): Sli | null {
  const whole = readMap(r, value, path);
  if (whole === null) return null;
  const kind = readOneOf(r, whole["kind"], joined(path, "kind"), kinds);
  if (kind === null) return null;
  const fields = readFields(r, whole, path, keysOf[kind]) ?? {};
  const found = readSelectors(r, fields, path);
  if (kind === "ratio") return { kind, ...found };
  if (kind === "loss") return { kind, ...found };
  if (kind === "latency") {
    const underMs = readSpan(r, fields["under"], joined(path, "under"));
    const bounds = fields["bounds"];
    const read =
      bounds === undefined ? {} : { bounds: readBounds(r, bounds, joined(path, "bounds")) };
    return underMs === null ? null : { kind, underMs, ...found, ...read };
  }
  if (kind === "throughput") {
    const minPerSecond = readNumber(r, fields["minPerSecond"], joined(path, "minPerSecond"));
    return minPerSecond === null ? null : { kind, minPerSecond, ...found };
  }
  const withinMs = readSpan(r, fields["within"], joined(path, "within"));
  return withinMs === null ? null : { kind, withinMs, ...found };
}

function readSelectors(r: Reading, fields: Fields, path: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const key of selectors) {
    if (fields[key] === undefined) continue;
    const text = readText(r, fields[key], joined(path, key));
    if (text === null) continue;
    if (isSelectorText(text)) found[key] = text;
    else
      note(r, "LL_SLO_SHAPE", joined(path, key), `expected a selector such as name{label="value"}`);
  }
  return found;
}

function readBounds(r: Reading, value: unknown, path: string): readonly number[] {
  const rows = readList(r, value, path) ?? [];
  const bounds = rows.map((row, index) => readNumber(r, row, `${path}[${index}]`) ?? 0);
  if (bounds.some((one, index) => one <= (bounds[index - 1] ?? 0))) {
    note(r, "LL_SLO_SHAPE", path, "bounds rise from above 0, in seconds");
  }
  return bounds;
}
