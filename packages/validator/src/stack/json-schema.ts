import { isRecord } from "@loadline/kit/json";

const depthMax = 32;

const typeOf = (value: unknown): string => {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
};

function fits(type: unknown, value: unknown): boolean {
  const types: unknown[] = Array.isArray(type) ? type : [type];
  const own = typeOf(value);
  return types.some((one) => one === own || (one === "number" && own === "integer"));
}

/** The schema behind a local `$ref`; undefined for one that leads nowhere. */
function resolved(document: unknown, schema: unknown): unknown {
  const reference = isRecord(schema) ? schema["$ref"] : undefined;
  if (typeof reference !== "string") return schema;
  const steps = reference.startsWith("#/") ? reference.slice(2).split("/") : [];
  return steps.reduce<unknown>((held, step) => (isRecord(held) ? held[step] : undefined), document);
}

/**
 * First difference between a value and a schema of OpenAPI 3, with its path; null when it fits.
 * Knows type, properties, required, items, enum, additionalProperties, allOf, anyOf, oneOf, nullable;
 * other words of JSON Schema are not judged.
 */
export function schemaFault(
  document: unknown,
  given: unknown,
  value: unknown,
  at = "body",
  depth = 0,
): string | null {
  const schema = resolved(document, given);
  if (depth > depthMax || !isRecord(schema)) return null;
  if (value === null && schema["nullable"] === true) return null;
  const inner = (part: unknown, held: unknown, where: string): string | null =>
    schemaFault(document, part, held, where, depth + 1);
  if (schema["type"] !== undefined && !fits(schema["type"], value)) {
    return `${at} is ${typeOf(value)}, not ${String(schema["type"])}`;
  }
  const allowed = schema["enum"];
  if (Array.isArray(allowed) && !allowed.includes(value)) return `${at} is none of the enum`;
  const all = Array.isArray(schema["allOf"]) ? schema["allOf"] : [];
  for (const part of all) {
    const fault = inner(part, value, at);
    if (fault !== null) return fault;
  }
  const any: unknown = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(any) && any.every((part) => inner(part, value, at) !== null)) {
    return `${at} fits none of its alternatives`;
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.slice(0, 100).entries()) {
      const fault = inner(schema["items"], item, `${at}[${index}]`);
      if (fault !== null) return fault;
    }
  }
  return isRecord(value) ? memberFault(schema, value, at, inner) : null;
}

function memberFault(
  schema: Readonly<Record<string, unknown>>,
  value: Readonly<Record<string, unknown>>,
  at: string,
  inner: (part: unknown, held: unknown, where: string) => string | null,
): string | null {
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  for (const name of required) {
    if (!(String(name) in value)) return `${at}.${String(name)} is missing`;
  }
  const properties = isRecord(schema["properties"]) ? schema["properties"] : {};
  for (const [name, held] of Object.entries(value)) {
    const part = properties[name];
    if (part === undefined && schema["additionalProperties"] === false) {
      return `${at}.${name} is not declared`;
    }
    const fault = inner(part, held, `${at}.${name}`);
    if (fault !== null) return fault;
  }
  return null;
}
