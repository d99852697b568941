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
    if (member !== undefined) members.push(`${writeText(key)}:${writeValue(member)}`);
  }
  return `{${members.join(",")}}`;
}

function hasSortedKeys(value: Record<string, unknown>): boolean {
  let before = "";
  let isFirst = true;
  for (const key of Object.keys(value)) {
    if (!isFirst && key <= before) return false;
    if (!key.isWellFormed() || !isCanonical(value[key])) return false;
    before = key;
    isFirst = false;
  }
  return true;
}

/** Whether JSON.stringify alone already gives the canonical text: true of all we write ourselves. */
function isCanonical(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value === "number") return Number.isFinite(value);
  if (value === null || typeof value === "boolean") return true;
  if (Array.isArray(value)) return value.every(isCanonical);
  return typeof value === "object" && isPlain(value) && hasSortedKeys(value);
}

function writeValue(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return writeText(value);
  if (typeof value === "boolean") return value ? "true" : "false";
  if (typeof value === "number") {
    return Number.isFinite(value) ? JSON.stringify(value) : refuse(String(value));
  }
  if (Array.isArray(value)) return `[${value.map((item) => writeValue(item)).join(",")}]`;
  if (typeof value === "object" && isPlain(value)) return writeObject(value);
  return refuse(`a ${typeof value}`);
}

/**
 * RFC 8785 text of a JSON value: keys in UTF-16 order, ECMAScript numbers, no white space.
 * Object members that are undefined are left out, as in JSON.stringify.
 * @throws LL_EVIDENCE_VALUE for NaN, Infinity, lone surrogates and anything that is not JSON.
 */
export function canonicalJson(value: unknown): string {
  return isCanonical(value) ? JSON.stringify(value) : writeValue(value);
}
