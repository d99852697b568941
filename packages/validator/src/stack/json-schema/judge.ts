import { isRecord, type JsonRecord } from "@loadline/kit/json";
import { pointed } from "../wire/json-reference.ts";
import { innerWords } from "./inner-words.ts";
import { differs, every, fits, type Judged, untold } from "./judged.ts";
import { createPatterns } from "./patterns.ts";
import { valueWords } from "./value-words.ts";
import type { Beside, Word } from "./word.ts";

/** Schemas below each other; one that leads to itself is as deep. */
const depthMax = 128;
/** Schemas that one value is held against. */
const stepsMax = 100_000;

/** Words that tell people or programs something, and ask nothing of a value. */
const silent: ReadonlySet<string> = new Set(
  `$schema $id $anchor $defs $comment $vocabulary $dynamicAnchor title description default example
  examples deprecated externalDocs readOnly writeOnly xml discriminator definitions nullable
  contentEncoding contentMediaType contentSchema`.split(/\s+/),
);

const isSilent = (word: string): boolean => silent.has(word) || word.startsWith("x-");

/** Holds values against schemas of one document. */
export interface SchemaJudge {
  /** A value against a schema of the document; its place is called `body` unless it is said. */
  judge(schema: unknown, value: unknown, at?: string): Judged;
}

const words: readonly (readonly [string, Word])[] = [...Object.entries(valueWords), ...innerWords];
const known = new Set(words.map(([name]) => name));

/** One value held against one schema. */
interface Walk {
  readonly document: unknown;
  /** OpenAPI 3.0, where `nullable` is a word and a reference stands for all that is beside it. */
  readonly isOld: boolean;
  readonly finds: Beside["finds"];
  steps: number;
}

interface Place {
  readonly at: string;
  readonly depth: number;
}

function walked(walk: Walk, given: unknown, value: unknown, { at, depth }: Place): Judged {
  if (given === undefined || given === true) return fits;
  if (given === false) return differs(`${at} is not allowed`);
  if (!isRecord(given)) return untold(`the schema of ${at}, which is none`);
  if (depth > depthMax) return untold(`${at} below ${depthMax} schemas`);
  if (++walk.steps > stepsMax) return untold(`${at} after ${stepsMax} schemas`);
  const { $ref: reference, ...rest } = given;
  if (reference === undefined) return worded(walk, given, value, { at, depth });
  const behind = referred(walk, reference, value, { at, depth });
  if (walk.isOld || behind.fault !== null) return behind;
  return every([behind, worded(walk, rest, value, { at, depth })], (one) => one);
}

/** What a reference leads to; another document is not read. */
function referred(walk: Walk, reference: unknown, value: unknown, { at, depth }: Place): Judged {
  if (typeof reference !== "string") return untold(`$ref of ${at}, which is no text`);
  if (!reference.startsWith("#/")) {
    return untold(`${at}, declared by ${reference}, which is not followed`);
  }
  const target = pointed(walk.document, reference);
  return target === undefined
    ? differs(`${at} is declared by ${reference}, which leads to nothing in the document`)
    : walked(walk, target, value, { at, depth: depth + 1 });
}

function worded(walk: Walk, schema: JsonRecord, value: unknown, { at, depth }: Place): Judged {
  if (value === null && walk.isOld && schema["nullable"] === true) return fits;
  const inner: Beside["inner"] = (part, held, place) =>
    walked(walk, part, held, { at: place, depth: depth + 1 });
  const beside = { schema, value, at, inner, finds: walk.finds };
  const judged = every(words, ([name, word]) =>
    Object.hasOwn(schema, name) ? word(beside, schema[name]) : fits,
  );
  const strange = Object.keys(schema).filter((name) => !known.has(name) && !isSilent(name));
  if (judged.fault !== null || strange.length === 0) return judged;
  const open = strange.map((name) => untold(`${name.slice(0, 60)} of ${at}`));
  return every([judged, ...open], (one) => one);
}

/**
 * A judge for a document of OpenAPI 3: the words of JSON Schema 2020-12, with those of 3.0 in its
 * place where the document is not of a later one. What it does not know, cannot follow or has no time
 * for is told as not judged, never taken to fit; see docs/decisions/0026.
 */
export function createSchemaJudge(document: unknown): SchemaJudge {
  const version = isRecord(document) ? document["openapi"] : undefined;
  const isOld = typeof version !== "string" || /^3\.0(\.|$)/.test(version);
  const { finds } = createPatterns();
  return {
    judge: (schema, value, at = "body") =>
      walked({ document, isOld, finds, steps: 0 }, schema, value, { at, depth: 0 }),
  };
}
