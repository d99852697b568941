import { contractErrors } from "../errors.ts";

function refuse(what: string): never {
  throw contractErrors.make("LL_EVIDENCE_VALUE", `${what} has no canonical JSON form.`);
}

function writeText(text: string): string {
  if (!text.isWellFormed()) refuse("text with a lone surrogate");
  return JSON.stringify(text);
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function writeObject(value: Record<string, unknown>): string {
  const members: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member !== undefined) members.push(`${writeText(key)}:${canonicalJson(member)}`);
  }
  return `{${members.join(",")}}`;
}

/**
 * RFC 8785 text of a JSON value: keys in UTF-16 order, ECMAScript numbers, no white space.
 * Object members that are undefined are left out, as in JSON.stringify.
 * @throws LL_EVIDENCE_VALUE for NaN, Infinity, lone surrogates and anything that is not JSON.
 */
export function canonicalJson(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return writeText(value);
  if (typeof value === "boolean") return value ? "true" : "false";
  if (typeof value === "number") {
    return Number.isFinite(value) ? JSON.stringify(value) : refuse(String(value));
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(",")}]`;
  if (typeof value === "object" && isPlain(value)) return writeObject(value);
  return refuse(`a ${typeof value}`);
}
