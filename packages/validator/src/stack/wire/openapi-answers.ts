import { isRecord, type JsonRecord } from "@loadline/kit/json";
import { bareType, mediaType } from "../../probes/shapes.ts";
import { differs, every, fits, type Judged, untold } from "../json-schema/judged.ts";
import type { SchemaJudge } from "../json-schema/judge.ts";
import { answerJson, type HttpAnswer } from "./http.ts";
import { followed } from "./json-reference.ts";

/** A document of OpenAPI 3 with its judge. */
export interface Contract extends SchemaJudge {
  readonly value: unknown;
}

/** How a live answer is against its declaration. */
export function answerJudged(
  document: Contract,
  operation: JsonRecord,
  answer: HttpAnswer,
): Judged {
  const responses = operation["responses"];
  const held = isRecord(responses) ? responses : {};
  const range = `${String(answer.status).slice(0, 1)}XX`;
  const given = held[String(answer.status)] ?? held[range] ?? held["default"];
  if (given === undefined) return differs(`answered ${answer.status}, which is not declared`);
  const declared = followed(document.value, given);
  if (declared === undefined) {
    const where = isRecord(given) ? String(given["$ref"]) : "nowhere";
    return differs(`answered ${answer.status}, declared by ${where}, which leads to nothing`);
  }
  if (!isRecord(declared)) return untold(`what is declared of ${answer.status}`);
  const { headers, content } = declared;
  const heads = isRecord(headers) ? headersJudged(document, headers, answer) : fits;
  if (heads.fault !== null || !isRecord(content)) return heads;
  return every([heads, bodyJudged(document, content, answer)], (one) => one);
}

/** Types that the text of a header says by itself. */
const plainTypes: ReadonlySet<unknown> = new Set(["string", "number", "integer", "boolean"]);

/** A header as the type that is declared of it; a text that is none of it as it stands. */
function headerValue(text: string, schema: unknown): unknown {
  const type = isRecord(schema) ? schema["type"] : undefined;
  if (type === "boolean") return text === "true" || (text === "false" ? false : text);
  const isNumber = (type === "integer" || type === "number") && text.trim() !== "";
  const number = Number(text);
  return isNumber && Number.isFinite(number) ? number : text;
}

function headersJudged(document: Contract, headers: JsonRecord, answer: HttpAnswer): Judged {
  // OpenAPI has the type of a body elsewhere, and ignores it here.
  const own = Object.entries(headers).filter(([name]) => name.toLowerCase() !== "content-type");
  return every(own, ([name, given]) => {
    const declared = followed(document.value, given);
    if (!isRecord(declared)) return untold(`the header ${name}`);
    const text = answer.headers[name.toLowerCase()];
    if (text === undefined) {
      return declared["required"] === true ? differs(`has no header ${name}`) : fits;
    }
    const { schema: said, content } = declared;
    if (said === undefined && content !== undefined) return untold(`the header ${name}`);
    const schema = followed(document.value, said);
    if (isRecord(schema) && Object.keys(schema).length > 0 && !plainTypes.has(schema["type"])) {
      return untold(`the parts of the header ${name}`);
    }
    // The reference itself: one that leads nowhere has no schema behind it.
    return document.judge(said, headerValue(text, schema), `header ${name}`);
  });
}

/** What is declared for a body of this type, the closest first; undefined where nothing is. */
function mediaOf(content: JsonRecord, type: string): JsonRecord | undefined {
  for (const wanted of [type, `${type.split("/", 1)[0] ?? ""}/*`, "*/*"]) {
    const [, media] = Object.entries(content).find(([key]) => bareType(key) === wanted) ?? [];
    if (isRecord(media)) return media;
  }
  return undefined;
}

/** How a body is against what is declared of its type; where no type is declared none is asked. */
function bodyJudged(document: Contract, content: JsonRecord, answer: HttpAnswer): Judged {
  const types = Object.keys(content).map(bareType);
  if (types.length === 0) return fits;
  const type = mediaType(answer);
  const media = mediaOf(content, type);
  const isJson = type.includes("json");
  if (media === undefined) {
    if (!isJson && types.every((one) => one.includes("json"))) return differs("answered no JSON");
    return differs(`answered ${type === "" ? "no type" : type}, which is not declared`);
  }
  if (!isJson) return otherJudged(document, media["schema"], answer);
  const value = answerJson(answer);
  if (value === undefined) return differs("answered what is no JSON");
  return document.judge(media["schema"], value);
}

/** A body that is no JSON: a text can be held against a schema of texts, and nothing else can. */
function otherJudged(document: Contract, given: unknown, answer: HttpAnswer): Judged {
  if (given === undefined) return fits;
  const schema = followed(document.value, given);
  const isText = isRecord(schema) && schema["type"] === "string";
  return isText
    ? document.judge(schema, answer.body.toString("utf8"))
    : untold(`the body of ${mediaType(answer)}`);
}
