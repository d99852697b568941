import { isRecord, type JsonRecord } from "@loadline/kit/json";
import { followed } from "./json-reference.ts";
import { recordsIn, textIn, textOf, valueIn } from "./shape.ts";

const callsMax = 100;

/** An operation with a path that can be asked. */
export interface PlannedCall {
  readonly path: string;
  readonly operation: JsonRecord;
  /** True where a parameter was given a value of another type on purpose. */
  readonly isWrong: boolean;
}

export interface PlannedCalls {
  readonly calls: readonly PlannedCall[];
  /** Operations that need a value the document gives no example of. */
  readonly left: number;
}

/** A value the document itself gives as an example; undefined where it gives none. */
function exampleOf(parameter: JsonRecord): string | undefined {
  const examples = parameter["examples"];
  const [first] = isRecord(examples) ? Object.values(examples) : [];
  const given = [
    parameter["example"],
    valueIn(first, "value"),
    valueIn(parameter, "schema.example"),
    valueIn(parameter, "schema.examples.0"),
    valueIn(parameter, "schema.default"),
    valueIn(parameter, "schema.enum.0"),
  ].find((value) => textOf(value) !== "");
  return given === undefined ? undefined : textOf(given);
}

const wrongValue = "loadline-no-number";
const isNumber = (parameter: JsonRecord): boolean =>
  /^(integer|number)$/.test(textIn(parameter, "schema.type"));

/** The path with values in it; null when one is missing. */
function filled(
  path: string,
  parameters: readonly JsonRecord[],
  values: ReadonlyMap<JsonRecord, string>,
): string | null {
  let out = path;
  const query = new URLSearchParams();
  for (const parameter of parameters) {
    const [name, where] = [textIn(parameter, "name"), textIn(parameter, "in")];
    const value = values.get(parameter);
    if (value === undefined) {
      if (parameter["required"] === true || where === "path") return null;
    } else if (where === "path") out = out.replace(`{${name}}`, encodeURIComponent(value));
    else if (where === "query") query.set(name, value);
    else if (parameter["required"] === true) return null;
  }
  if (out.includes("{")) return null;
  return query.size === 0 ? out : `${out}?${query.toString()}`;
}

function callsOf(document: unknown, path: string, item: JsonRecord): PlannedCall[] {
  const operation = item["get"];
  if (!isRecord(operation)) return [];
  const parameters = [...recordsIn(item, "parameters"), ...recordsIn(operation, "parameters")].map(
    (one) => {
      const found = followed(document, one);
      return isRecord(found) ? found : one;
    },
  );
  const values = new Map<JsonRecord, string>();
  for (const one of parameters) {
    const value = exampleOf(one);
    if (value !== undefined) values.set(one, value);
  }
  const right = filled(path, parameters, values);
  if (right === null) return [];
  const wrong = parameters.filter(isNumber).flatMap((one) => {
    const at = filled(path, parameters, new Map(values).set(one, wrongValue));
    return at === null ? [] : [{ path: at, operation, isWrong: true }];
  });
  return [{ path: right, operation, isWrong: false }, ...wrong];
}

/**
 * Every GET of a document of OpenAPI 3 that can be asked with the document's own examples, and again
 * with words where it declares numbers; at most 100.
 */
export function plannedCalls(document: unknown): PlannedCalls {
  const paths = valueIn(document, "paths");
  const calls: PlannedCall[] = [];
  let left = 0;
  for (const [path, item] of isRecord(paths) ? Object.entries(paths) : []) {
    if (!isRecord(item) || item["get"] === undefined) continue;
    const own = callsOf(document, path, item);
    if (own.length === 0 || calls.length + own.length > callsMax) left++;
    else calls.push(...own);
  }
  return { calls, left };
}
