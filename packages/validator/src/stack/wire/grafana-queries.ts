import { isRecord, type JsonRecord } from "@loadline/kit/json";
import { recordsIn, textIn, textOf, valueIn } from "./shape.ts";

const depthMax = 8;
/** Sources that are no store of anybody's: random numbers, and the answers of another panel. */
const ownSources: readonly string[] = ["-- Grafana --", "grafana", "-- Dashboard --"];

/** A dashboard's variables by name, with the text that stands for their current value. */
type Variables = ReadonlyMap<string, string>;

function currentOf(variable: JsonRecord): string {
  const said = valueIn(variable, "current.value");
  const values = (Array.isArray(said) ? said : [said]).map((one: unknown) => textOf(one));
  if (values.includes("$__all")) return textIn(variable, "allValue") || ".*";
  // Several values of one variable are alternatives of a pattern.
  return values.length > 1 ? `(${values.join("|")})` : (values[0] ?? "");
}

/** The variables as they stand in a dashboard. */
export function variablesOf(dashboard: unknown): Variables {
  const all = recordsIn(dashboard, "templating.list");
  return new Map(all.map((one): [string, string] => [textIn(one, "name"), currentOf(one)]));
}

/** `$name`, `${name}`, `${name:format}` and `[[name]]`; what is no variable stays as it is. */
function filledText(text: string, variables: Variables): string {
  const forms = /\$\{(\w+)(?::[^}]*)?\}|\[\[(\w+)(?::[^\]]*)?\]\]|\$(\w+)/g;
  return text.replace(forms, (whole: string, ...names: unknown[]) => {
    const name = names.slice(0, 3).find((one) => typeof one === "string");
    return (typeof name === "string" ? variables.get(name) : undefined) ?? whole;
  });
}

/** A query, or a part of it, with the variables in it filled; deeper than 8 it stays as it is. */
export function filled(value: unknown, variables: Variables, depth = 0): unknown {
  if (typeof value === "string") return filledText(value, variables);
  if (depth >= depthMax) return value;
  if (Array.isArray(value)) {
    return value.map((one: unknown) => filled(one, variables, depth + 1));
  }
  if (!isRecord(value)) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([key, one]) => [key, filled(one, variables, depth + 1)]));
}

/** Whether a panel asks a store; one out of the library tells only there what it asks. */
function isAsking(panel: JsonRecord): boolean {
  if (textIn(panel, "libraryPanel.uid") !== "") return true;
  const source = textIn(panel, "datasource.uid") || textIn(panel, "datasource");
  return recordsIn(panel, "targets").length > 0 && !ownSources.includes(source);
}

/** Panels of a dashboard, those inside rows of both shapes too; texts and rows ask nothing. */
export function panelsOf(dashboard: unknown): JsonRecord[] {
  return ["panels", "rows"].flatMap((list) =>
    recordsIn(dashboard, list).flatMap((panel) => [
      ...(isAsking(panel) ? [panel] : []),
      ...panelsOf(panel),
    ]),
  );
}

/** The queries of a panel but for hidden ones, which show nothing; what reckons with others needs all. */
export function shownTargets(panel: JsonRecord): readonly JsonRecord[] {
  const all = recordsIn(panel, "targets");
  const isReckoned = all.some((one) =>
    ["datasource.uid", "datasource.type", "datasource"].some(
      (path) => textIn(one, path) === "__expr__",
    ),
  );
  return isReckoned ? all : all.filter((one) => one["hide"] !== true);
}

/** Whether an answer is of a version before 8, whose frames are bytes of Arrow, or series. */
export function hasOldFrames(json: unknown): boolean {
  const results = valueIn(json, "results");
  return (isRecord(results) ? Object.values(results) : []).some(
    (one) => isRecord(one) && !("frames" in one) && ("dataframes" in one || "series" in one),
  );
}

/** Values in the frames of an answer; null where a query of it failed. */
export function valuesIn(json: unknown): number | null {
  const results = valueIn(json, "results");
  let count = 0;
  for (const result of isRecord(results) ? Object.values(results) : []) {
    if (textIn(result, "error") !== "") return null;
    for (const frame of recordsIn(result, "frames")) {
      const columns = valueIn(frame, "data.values");
      const all: readonly unknown[] = Array.isArray(columns) ? columns : [];
      // The first of several columns holds the times: a time without a value shows nothing.
      for (const column of all.length > 1 ? all.slice(1) : all) {
        const held: readonly unknown[] = Array.isArray(column) ? column : [];
        count += held.filter((one) => one !== null).length;
      }
    }
  }
  return count;
}
