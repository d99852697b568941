import { canonicalJson } from "@loadline/contract";
import { codeOf } from "@loadline/kit/errors";
import { isRecord, type JsonRecord } from "@loadline/kit/json";
import { differs, every, fits, fitting, isFit, type Judged, untold } from "./judged.ts";
import { type Beside, malformed, memberAt, type Word } from "./word.ts";

const anyNumber = Number.POSITIVE_INFINITY;

const listWord =
  (name: string, judge: (beside: Beside, parts: readonly unknown[]) => Judged): Word =>
  (beside, said) =>
    Array.isArray(said) && said.length > 0 ? judge(beside, said) : malformed(beside.at, name);

const each = ({ inner, value, at }: Beside, parts: readonly unknown[]): Judged[] =>
  parts.map((part) => inner(part, value, at));

const allOf = listWord("allOf", ({ inner, value, at }, parts) =>
  every(parts, (part) => inner(part, value, at)),
);

const anyOf = listWord("anyOf", (beside, parts) =>
  fitting(
    each(beside, parts),
    { least: 1, most: anyNumber },
    () => `${beside.at} fits none of its alternatives`,
  ),
);

const oneOf = listWord("oneOf", (beside, parts) =>
  fitting(each(beside, parts), { least: 1, most: 1 }, (count) =>
    count === 0
      ? `${beside.at} fits none of its alternatives`
      : `${beside.at} fits ${count} of its alternatives, of which it is to fit one`,
  ),
);

const not: Word = ({ inner, value, at }, said) => {
  const judged = inner(said, value, at);
  if (judged.fault !== null) return fits;
  return isFit(judged) ? differs(`${at} is what it is not to be`) : judged;
};

const ifWord: Word = ({ schema, inner, value, at }, said) => {
  const judged = inner(said, value, at);
  const branch = judged.fault === null ? schema["then"] : schema["else"];
  if (isFit(judged) || judged.fault !== null) return inner(branch, value, at);
  // Whichever holds: nobody knows, unless both do.
  const both = [schema["then"], schema["else"]].map((part) => inner(part, value, at));
  return both.every(isFit) ? fits : judged;
};

/** Words that say what another word means; judged with that one. */
const besides: Word = () => fits;

const itemsWord: Word = ({ schema, inner, value, at }, said) => {
  if (Array.isArray(said)) return untold(`items of ${at}, a list, which is of an older draft`);
  if (!Array.isArray(value)) return fits;
  const first = Array.isArray(schema["prefixItems"]) ? schema["prefixItems"].length : 0;
  const rest: readonly unknown[] = value.slice(first);
  return every(rest, (item, index) => inner(said, item, `${at}[${first + index}]`));
};

const prefixItems = listWord("prefixItems", ({ inner, value, at }, parts) => {
  if (!Array.isArray(value)) return fits;
  const held: readonly unknown[] = value.slice(0, parts.length);
  return every(held, (item, index) => inner(parts[index], item, `${at}[${index}]`));
});

const contains: Word = ({ schema, inner, value, at }, said) => {
  if (!Array.isArray(value)) return fits;
  const { minContains: least = 1, maxContains: most = anyNumber } = schema;
  if (typeof least !== "number" || typeof most !== "number") return malformed(at, "minContains");
  const held: readonly unknown[] = value;
  const judged = held.map((item, index) => inner(said, item, `${at}[${index}]`));
  const wanted = `${least}${most === anyNumber ? " or more" : ` to ${most}`}`;
  return fitting(
    judged,
    { least, most },
    (count) => `${at} holds ${count} items of those of which it is to hold ${wanted}`,
  );
};

const uniqueItems: Word = ({ value, at }, said) => {
  if (said !== true || !Array.isArray(value)) return fits;
  try {
    const texts = value.map((item: unknown) => canonicalJson(item));
    return new Set(texts).size === texts.length ? fits : differs(`${at} holds one item twice`);
  } catch (error) {
    // Half a character, or lists in lists beyond all measure.
    if (codeOf(error) !== "LL_EVIDENCE_VALUE" && !(error instanceof RangeError)) throw error;
    return untold(`uniqueItems of ${at}, whose items have no canonical text`);
  }
};

const mapWord =
  (name: string, judge: (beside: Beside, value: JsonRecord, said: JsonRecord) => Judged): Word =>
  (beside, said) => {
    if (!isRecord(said)) return malformed(beside.at, name);
    return isRecord(beside.value) ? judge(beside, beside.value, said) : fits;
  };

const properties = mapWord("properties", ({ inner, at }, value, said) =>
  every(Object.entries(said), ([name, part]) =>
    Object.hasOwn(value, name) ? inner(part, value[name], memberAt(at, name)) : fits,
  ),
);

/** Whether one of the patterns finds something in a name; a clause where nobody can tell. */
function isPatterned({ schema, finds }: Beside, name: string): boolean | string {
  const patterns = isRecord(schema["patternProperties"]) ? schema["patternProperties"] : {};
  const found = Object.keys(patterns).map((pattern) => finds(pattern, name));
  if (found.includes(true)) return true;
  return found.find((one) => typeof one === "string") ?? false;
}

const patternProperties = mapWord("patternProperties", ({ inner, at, finds }, value, said) =>
  every(Object.entries(said), ([pattern, part]) =>
    every(Object.entries(value), ([name, held]) => {
      const isFound = finds(pattern, name);
      if (typeof isFound === "string") return untold(`a pattern of names of ${at}: ${isFound}`);
      return isFound ? inner(part, held, memberAt(at, name)) : fits;
    }),
  ),
);

const additionalProperties: Word = (beside, said) => {
  const { schema, value, at, inner } = beside;
  if (!isRecord(value)) return fits;
  const named = isRecord(schema["properties"]) ? schema["properties"] : {};
  const others = Object.entries(value).filter(([name]) => !Object.hasOwn(named, name));
  return every(others, ([name, held]) => {
    const isFound = isPatterned(beside, name);
    if (isFound === true) return fits;
    const place = memberAt(at, name);
    const judged = said === false ? differs(`${place} is not declared`) : inner(said, held, place);
    if (isFound === false || isFit(judged)) return judged;
    return untold(`a pattern of names of ${at}: ${isFound}`);
  });
};

const propertyNames: Word = ({ value, at, inner }, said) =>
  isRecord(value)
    ? every(Object.keys(value), (name) => inner(said, name, `the name ${memberAt(at, name)}`))
    : fits;

/** Whether a member goes in with a request and never comes out with an answer. */
const isWriteOnly = (schema: JsonRecord, name: string): boolean => {
  const all = schema["properties"];
  const own = isRecord(all) && Object.hasOwn(all, name) ? all[name] : undefined;
  return isRecord(own) && own["writeOnly"] === true;
};

const required: Word = ({ schema, value, at }, said) => {
  if (!Array.isArray(said)) return malformed(at, "required");
  if (!isRecord(value)) return fits;
  const missing = said
    .map(String)
    .find((name) => !Object.hasOwn(value, name) && !isWriteOnly(schema, name));
  return missing === undefined ? fits : differs(`${memberAt(at, missing)} is missing`);
};

const dependentRequired = mapWord("dependentRequired", ({ at }, value, said) => {
  const wanted = Object.entries(said).filter(([name]) => Object.hasOwn(value, name));
  const names = wanted.flatMap(([, list]) => (Array.isArray(list) ? list.map(String) : []));
  const missing = names.find((name) => !Object.hasOwn(value, name));
  return missing === undefined ? fits : differs(`${memberAt(at, missing)} is missing`);
});

const dependentSchemas = mapWord("dependentSchemas", ({ inner, at }, value, said) =>
  every(Object.entries(said), ([name, part]) =>
    Object.hasOwn(value, name) ? inner(part, value, at) : fits,
  ),
);

/** Words that hold further schemas, in the order in which faults are told. */
export const innerWords: readonly (readonly [string, Word])[] = [
  ["required", required],
  ["dependentRequired", dependentRequired],
  ["allOf", allOf],
  ["anyOf", anyOf],
  ["oneOf", oneOf],
  ["not", not],
  ["if", ifWord],
  ["then", besides],
  ["else", besides],
  ["prefixItems", prefixItems],
  ["items", itemsWord],
  ["contains", contains],
  ["minContains", besides],
  ["maxContains", besides],
  ["uniqueItems", uniqueItems],
  ["properties", properties],
  ["patternProperties", patternProperties],
  ["additionalProperties", additionalProperties],
  ["propertyNames", propertyNames],
  ["dependentSchemas", dependentSchemas],
];
