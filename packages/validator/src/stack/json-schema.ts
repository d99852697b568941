import { isDeepStrictEqual } from "node:util";
import { isRecord, type JsonRecord } from "@loadline/kit/json";
import { followed } from "./wire/json-reference.ts";

const depthMax = 32;
/** Items of a list that are looked at. */
const itemsMax = 100;

const typeOf = (value: unknown): string => {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
};

/** The types a schema allows: one word, or a list of them. */
const typesOf = (type: unknown): readonly unknown[] => (Array.isArray(type) ? type : [type]);

function fits(type: unknown, value: unknown): boolean {
  const own = typeOf(value);
  return typesOf(type).some((one) => one === own || (one === "number" && own === "integer"));
}

/**
 * First difference between a value and a schema of OpenAPI 3, with its path; null when it fits.
 * Knows type, properties, required, items, enum, const, minimum, maximum, both exclusive too,
 * multipleOf, lengths, uniqueItems, additionalProperties, allOf, anyOf, oneOf, nullable; other words
 * of JSON Schema are not judged.
 */
export function schemaFault(document: unknown, schema: unknown, value: unknown): string | null {
  return fault(document, schema, value, { at: "body", depth: 0 });
}

type Inner = (part: unknown, held: unknown, where: string) => string | null;

function fault(
  document: unknown,
  given: unknown,
  value: unknown,
  place: { readonly at: string; readonly depth: number },
): string | null {
  const { at, depth } = place;
  if (depth > depthMax) return null;
  const schema = followed(document, given);
  const reference = isRecord(given) ? given["$ref"] : undefined;
  if (schema === undefined && typeof reference === "string") {
    return `${at} is declared by ${reference}, which leads to nothing in the document`;
  }
  if (!isRecord(schema)) return null;
  if (value === null && schema["nullable"] === true) return null;
  const inner: Inner = (part, held, where) =>
    fault(document, part, held, { at: where, depth: depth + 1 });
  return (
    typeFault(schema, value, at) ??
    choiceFault(schema, value, at, inner) ??
    (Array.isArray(value) ? itemFault(schema["items"], value, at, inner) : null) ??
    (isRecord(value) ? memberFault(schema, value, at, inner) : null)
  );
}

function typeFault(schema: JsonRecord, value: unknown, at: string): string | null {
  const type = schema["type"];
  if (type !== undefined && !fits(type, value)) {
    const wanted = typesOf(type).map((one) =>
      typeof one === "string" ? one : JSON.stringify(one),
    );
    return `${at} is ${typeOf(value)}, not ${wanted.join(" or ")}`;
  }
  const allowed = schema["enum"];
  const isOut = Array.isArray(allowed) && !allowed.some((one) => isDeepStrictEqual(one, value));
  if (isOut) return `${at} is none of the enum`;
  const isOther = "const" in schema && !isDeepStrictEqual(schema["const"], value);
  if (isOther) return `${at} is not the one value`;
  return boundFault(schema, value, at);
}

const boundOf = (schema: JsonRecord, name: string, other: number): number => {
  const said = schema[name];
  return typeof said === "number" ? said : other;
};

function boundFault(schema: JsonRecord, value: unknown, at: string): string | null {
  const within = (size: number, least: string, most: string, what: string): string | null => {
    if (size < boundOf(schema, least, -Infinity)) return `${at} ${what} under its ${least}`;
    return size > boundOf(schema, most, Infinity) ? `${at} ${what} over its ${most}` : null;
  };
  if (typeof value === "number") {
    return within(value, "minimum", "maximum", "is") ?? numberFault(schema, value, at);
  }
  if (typeof value === "string") return within([...value].length, "minLength", "maxLength", "is");
  if (isRecord(value)) {
    return within(Object.keys(value).length, "minProperties", "maxProperties", "has");
  }
  if (!Array.isArray(value)) return null;
  const counted = within(value.length, "minItems", "maxItems", "has");
  const isTwice = schema["uniqueItems"] === true && hasTwice(value.slice(0, itemsMax));
  return counted ?? (isTwice ? `${at} holds one item twice` : null);
}

const hasTwice = (items: readonly unknown[]): boolean =>
  items.some((one, at) => items.slice(0, at).some((other) => isDeepStrictEqual(one, other)));

/** Of a division of binary fractions so much is rounding. */
const roundingMax = 1e-9;

/** Bounds that a number may not touch: of its own, or in OpenAPI 3.0 a switch beside the bound. */
function numberFault(schema: JsonRecord, value: number, at: string): string | null {
  const bound = (name: string, plain: string, other: number): number =>
    boundOf(schema, schema[name] === true ? plain : name, other);
  if (value <= bound("exclusiveMinimum", "minimum", -Infinity)) {
    return `${at} is not over its exclusiveMinimum`;
  }
  if (value >= bound("exclusiveMaximum", "maximum", Infinity)) {
    return `${at} is not under its exclusiveMaximum`;
  }
  const times = value / boundOf(schema, "multipleOf", value === 0 ? 1 : value);
  return Math.abs(times - Math.round(times)) > roundingMax * Math.max(1, Math.abs(times))
    ? `${at} is no multiple of its multipleOf`
    : null;
}

function choiceFault(schema: JsonRecord, value: unknown, at: string, inner: Inner): string | null {
  const all = Array.isArray(schema["allOf"]) ? schema["allOf"] : [];
  for (const part of all) {
    const found = inner(part, value, at);
    if (found !== null) return found;
  }
  const isOut = [schema["anyOf"], schema["oneOf"]].some(
    (any) => Array.isArray(any) && any.every((part) => inner(part, value, at) !== null),
  );
  return isOut ? `${at} fits none of its alternatives` : null;
}

function itemFault(
  schema: unknown,
  value: readonly unknown[],
  at: string,
  inner: Inner,
): string | null {
  for (const [index, item] of value.slice(0, itemsMax).entries()) {
    const found = inner(schema, item, `${at}[${index}]`);
    if (found !== null) return found;
  }
  return null;
}

function memberFault(
  schema: JsonRecord,
  value: JsonRecord,
  at: string,
  inner: Inner,
): string | null {
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  for (const name of required) {
    if (!Object.hasOwn(value, String(name))) return `${at}.${String(name)} is missing`;
  }
  const properties = isRecord(schema["properties"]) ? schema["properties"] : {};
  const other = schema["additionalProperties"];
  for (const [name, held] of Object.entries(value)) {
    const isNamed = Object.hasOwn(properties, name);
    if (!isNamed && other === false) return `${at}.${name} is not declared`;
    const found = inner(isNamed ? properties[name] : other, held, `${at}.${name}`);
    if (found !== null) return found;
  }
  return null;
}
