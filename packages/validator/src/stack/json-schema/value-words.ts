import { isDeepStrictEqual } from "node:util";
import { isRecord } from "@loadline/kit/json";
import { formatWord } from "./formats.ts";
import { differs, fits, untold } from "./judged.ts";
import { malformed, type Word } from "./word.ts";

const typeOf = (value: unknown): string => {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
};

const typeWord: Word = ({ schema, value, at }, said) => {
  const types: readonly unknown[] = Array.isArray(said) ? said : [said];
  if (!types.every((one) => typeof one === "string")) return malformed(at, "type");
  const own = typeOf(value);
  const isOne = types.some((one) => one === own || (one === "number" && own === "integer"));
  if (isOne) return fits;
  const isLeft = value === null && schema["nullable"] === true;
  const hint = isLeft ? " (nullable is a word of OpenAPI 3.0)" : "";
  return differs(`${at} is ${own}, not ${types.join(" or ")}${hint}`);
};

const enumWord: Word = ({ value, at }, said) => {
  if (!Array.isArray(said)) return malformed(at, "enum");
  const isIn = said.some((one) => isDeepStrictEqual(one, value));
  return isIn ? fits : differs(`${at} is none of the enum`);
};

const constWord: Word = ({ value, at }, said) =>
  isDeepStrictEqual(said, value) ? fits : differs(`${at} is not the one value`);

/** Of a division of binary fractions so much is rounding, each of them rounded before. */
const roundingShare = 4 * Number.EPSILON;

function isMultiple(value: number, of: number): boolean {
  if (Number.isInteger(value) && Number.isInteger(of)) return value % of === 0;
  const times = value / of;
  return Math.abs(times - Math.round(times)) <= roundingShare * Math.max(1, Math.abs(times));
}

/** A bound of a number; `says` stands behind the place where it is broken. */
const numberWord =
  (name: string, isKept: (value: number, bound: number) => boolean, says: string): Word =>
  ({ value, at }, said) => {
    if (typeof said !== "number" || !Number.isFinite(said)) return malformed(at, name);
    if (typeof value !== "number") return fits;
    return isKept(value, said) ? fits : differs(`${at} ${says}`);
  };

/** In OpenAPI 3.0 a switch beside the bound, later a bound of its own. */
const exclusiveWord =
  (name: string, plain: string, inner: Word): Word =>
  (beside, said) => {
    if (said === false) return fits;
    return inner(beside, said === true ? beside.schema[plain] : said);
  };

const over = numberWord(
  "exclusiveMinimum",
  (value, bound) => value > bound,
  "is not over its exclusiveMinimum",
);
const under = numberWord(
  "exclusiveMaximum",
  (value, bound) => value < bound,
  "is not under its exclusiveMaximum",
);

type SizeOf = (value: unknown) => number | null;

const characters: SizeOf = (value) => (typeof value === "string" ? [...value].length : null);
const items: SizeOf = (value) => (Array.isArray(value) ? value.length : null);
const members: SizeOf = (value) => (isRecord(value) ? Object.keys(value).length : null);

const sizeWord =
  (name: string, sizeOf: SizeOf, verb: "is" | "has"): Word =>
  ({ value, at }, said) => {
    if (typeof said !== "number" || !(said >= 0)) return malformed(at, name);
    const size = sizeOf(value);
    const isLeast = name.startsWith("min");
    if (size === null || (isLeast ? size >= said : size <= said)) return fits;
    return differs(`${at} ${verb} ${isLeast ? "under" : "over"} its ${name}`);
  };

const patternWord: Word = ({ value, at, finds }, said) => {
  if (typeof said !== "string") return malformed(at, "pattern");
  if (typeof value !== "string") return fits;
  const isFound = finds(said, value);
  if (typeof isFound === "string") return untold(`the pattern of ${at}: ${isFound}`);
  return isFound ? fits : differs(`${at} does not match its pattern`);
};

/** Words about a value itself, the telling ones first. */
export const valueWords: Readonly<Record<string, Word>> = {
  type: typeWord,
  enum: enumWord,
  const: constWord,
  minimum: numberWord("minimum", (value, bound) => value >= bound, "is under its minimum"),
  maximum: numberWord("maximum", (value, bound) => value <= bound, "is over its maximum"),
  exclusiveMinimum: exclusiveWord("exclusiveMinimum", "minimum", over),
  exclusiveMaximum: exclusiveWord("exclusiveMaximum", "maximum", under),
  multipleOf: (beside, said) =>
    said === 0
      ? malformed(beside.at, "multipleOf")
      : numberWord("multipleOf", isMultiple, "is no multiple of its multipleOf")(beside, said),
  minLength: sizeWord("minLength", characters, "is"),
  maxLength: sizeWord("maxLength", characters, "is"),
  minItems: sizeWord("minItems", items, "has"),
  maxItems: sizeWord("maxItems", items, "has"),
  minProperties: sizeWord("minProperties", members, "has"),
  maxProperties: sizeWord("maxProperties", members, "has"),
  pattern: patternWord,
  format: formatWord,
};
