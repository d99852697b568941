import { isIPv4, isIPv6 } from "node:net";
import { z } from "zod";
import { differs, fits, type Judged, untold } from "./judged.ts";
import { malformed, type Word } from "./word.ts";

const { regexes } = z;

/** RFC 3339, 5.6: `T` and `Z` in any case, an offset always, a leap second at the end of an hour. */
const clockTime =
  /^(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

const isTime = (text: string): boolean => clockTime.test(text);

function isDateTime(text: string): boolean {
  const at = text.search(/t/i);
  return at === 10 && regexes.date.test(text.slice(0, at)) && isTime(text.slice(at + 1));
}

/** Characters of RFC 3986 alone, each percent sign with its two digits. */
const uriText = /^(?:[\w\-.~:/?#[\]@!$&'()*+,;=]|%[0-9a-f]{2})*$/i;
const hasScheme = /^[a-z][a-z0-9+\-.]*:/i;

const isReference = (text: string): boolean => uriText.test(text) && !/#.*#/.test(text);

function isRegex(text: string): boolean {
  try {
    return new RegExp(text, "u").unicode;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

const pointer = /^(?:\/(?:[^~/]|~0|~1)*)*$/;

/** Formats of texts: those of JSON Schema and of OpenAPI's own registry that can be judged. */
const ofTexts: Readonly<Record<string, (text: string) => boolean>> = {
  date: (text) => regexes.date.test(text),
  time: isTime,
  "date-time": isDateTime,
  duration: (text) => regexes.duration.test(text),
  uuid: (text) => regexes.guid.test(text),
  email: (text) => regexes.html5Email.test(text),
  "idn-email": (text) => regexes.unicodeEmail.test(text),
  hostname: (text) => regexes.hostname.test(text),
  ipv4: isIPv4,
  ipv6: (text) => isIPv6(text) && !text.includes("%"),
  uri: (text) => hasScheme.test(text) && isReference(text),
  "uri-reference": isReference,
  iri: (text) => hasScheme.test(text) && !/\s/.test(text),
  "iri-reference": (text) => !/\s/.test(text),
  "json-pointer": (text) => pointer.test(text),
  regex: isRegex,
  byte: (text) => regexes.base64.test(text),
  base64url: (text) => regexes.base64url.test(text),
  char: (text) => [...text].length === 1,
};

const between =
  (least: number, most: number) =>
  (value: number): boolean =>
    Number.isInteger(value) && value >= least && value <= most;

const float32Max = 3.402_823_466_385_288_6e38;

/** Formats of numbers, by OpenAPI's registry. */
const ofNumbers: Readonly<Record<string, (value: number) => boolean>> = {
  int8: between(-(2 ** 7), 2 ** 7 - 1),
  uint8: between(0, 2 ** 8 - 1),
  int16: between(-(2 ** 15), 2 ** 15 - 1),
  uint16: between(0, 2 ** 16 - 1),
  int32: between(-(2 ** 31), 2 ** 31 - 1),
  uint32: between(0, 2 ** 32 - 1),
  int64: between(-(2 ** 63), 2 ** 63),
  uint64: between(0, 2 ** 64),
  "double-int": between(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  float: (value) => Math.abs(value) <= float32Max,
  double: () => true,
};

/** Formats that say how a text is to be shown or sent, and nothing about it. */
const shown: readonly string[] = ["password", "binary", "commonmark", "html"];

/** Null where a text is too long for the expression of its format. */
function isOf(format: string, value: string | number): boolean | null {
  if (typeof value === "number") return ofNumbers[format]?.(value) ?? true;
  try {
    return ofTexts[format]?.(value) ?? true;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** `format`: of a value of another type it says nothing; a name that is not known is not judged. */
export const formatWord: Word = ({ value, at }, said): Judged => {
  if (typeof said !== "string") return malformed(at, "format");
  const isKnown =
    shown.includes(said) || Object.hasOwn(ofTexts, said) || Object.hasOwn(ofNumbers, said);
  if (typeof value !== "string" && typeof value !== "number") return fits;
  if (!isKnown) return untold(`the format ${said.slice(0, 60)} of ${at}`);
  const isIt = isOf(said, value);
  if (isIt === null) return untold(`the format ${said} of ${at}, which is too long`);
  return isIt ? fits : differs(`${at} is no ${said}`);
};
