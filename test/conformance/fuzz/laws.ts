import { deepStrictEqual } from "node:assert/strict";
import type { Random } from "@loadline/kit/random";
import { parseJson } from "@loadline/kit/json";
import { upstreamEdits } from "../../../packages/gateway/src/body/edits.ts";
import { applyParams } from "../../../packages/gateway/src/body/members.ts";
import {
  isBodyProblem,
  keyIndex,
  readRequestBody,
  type RequestBody,
} from "../../../packages/gateway/src/body/request.ts";
import { type BodyOperation, requestKeyNames } from "../../../packages/gateway/src/body/rules.ts";
import { spliceBytes } from "../../../packages/gateway/src/body/splice.ts";
import type { Dialect } from "../../../packages/gateway/src/dialects/dialect.ts";
import { geminiGenerate } from "../../../packages/gateway/src/dialects/gemini-generate/index.ts";
import { dialectOf } from "../../../packages/gateway/src/dialects/index.ts";
import { isRecord, type JsonRecord } from "../../../packages/gateway/src/dialects/json.ts";
import { lenientMembers } from "./lenient.ts";
import { EventSplitter } from "../../../packages/gateway/src/stream/splitter.ts";
import { translationFor } from "../../../packages/gateway/src/translate/translation.ts";

const operations = ["chat", "completions", "embeddings", "responses", "messages"] as const;
const lanes = [
  ["chat", "openai.chat", "anthropic.messages"],
  ["chat", "openai.chat", "gemini.generate"],
  ["messages", "anthropic.messages", "openai.chat"],
  ["responses", "openai.responses", "openai.chat"],
] as const;
const dialects: readonly Dialect[] = [...operations.map(dialectOf), geminiGenerate];
const options = {
  model: "up",
  unsupported: "drop",
  outputBound: undefined,
  boundName: "max_tokens",
  requestId: "req_1",
  createdSeconds: 0,
} as const;

/**
 * The request parser: answers every text, and where it and JSON.parse both accept one, the known
 * members have the same values, before and after our edits. A lenient reader sees the same members in
 * whatever it accepts. Returns whether both accepted it.
 */
export function checkRequest(bytes: Buffer): boolean {
  let areBoth = false;
  for (const operation of operations) {
    const body = readRequestBody(bytes, operation);
    if (isBodyProblem(body)) continue;
    checkLenient(body);
    const parsed = parseJson(bytes.toString());
    if (!isRecord(parsed)) continue;
    areBoth = true;
    checkKnown(body, parsed);
    checkEdits(body, parsed);
    checkTranslations(body, operation);
  }
  return areBoth;
}

/** Bytes are compared as Latin-1, so that offsets in the text are offsets in the bytes. */
function checkLenient(body: RequestBody): void {
  const seen = lenientMembers(body.bytes.toString("latin1"));
  for (const name of requestKeyNames)
    deepStrictEqual(seen?.get(name) ?? -1, body.scan.starts[keyIndex[name]] ?? -1, name);
}

function checkKnown(body: RequestBody, parsed: JsonRecord): void {
  for (const name of requestKeyNames) {
    const start = body.scan.starts[keyIndex[name]] ?? -1;
    const end = body.scan.ends[keyIndex[name]] ?? -1;
    const read = start < 0 ? undefined : parseJson(body.bytes.toString("utf8", start, end));
    deepStrictEqual(read, parsed[name], name);
  }
  deepStrictEqual(body.model, parsed["model"]);
  deepStrictEqual(body.isStream, parsed["stream"] === true);
}

function checkEdits(body: RequestBody, parsed: JsonRecord): void {
  const edits = upstreamEdits(body, { model: "up", addUsage: false, outputBound: 1 });
  const edited = parseJson(spliceBytes(body.bytes, edits).toString());
  const changed = new Set(["loadline", "max_tokens", "max_completion_tokens", "max_output_tokens"]);
  const rest = (value: unknown): unknown =>
    isRecord(value)
      ? Object.fromEntries(Object.entries(value).filter(([name]) => !changed.has(name)))
      : value;
  deepStrictEqual(rest(edited), rest({ ...parsed, model: "up" }));
  const dropped = parseJson(applyParams(body.bytes, { drop: ["user"] }).toString());
  const { user: _, ...kept } = parsed;
  deepStrictEqual(dropped, kept);
}

function checkTranslations(body: RequestBody, operation: BodyOperation): void {
  for (const [from, dialect, to] of lanes) {
    if (from !== operation) continue;
    const translation = translationFor(dialect, to)?.(body, options);
    if (!translation || "code" in translation) continue;
    deepStrictEqual(isRecord(parseJson(translation.request.toString())), true);
  }
}

const asked = readRequestBody(
  Buffer.from('{"model":"m","max_tokens":9,"messages":[],"input":"x","stream":true}'),
  "chat",
);

/**
 * The stream parser: gives the same events however the bytes are cut, every dialect classifies each
 * of them, and every translation answers each of them. Returns the number of events.
 */
export function checkStream(bytes: Buffer, random: Random): number {
  const whole = split([bytes]);
  const cuts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = 1 + random.below(9);
    cuts.push(bytes.subarray(at, at + size));
    at += size;
  }
  deepStrictEqual(split(cuts), whole);
  for (const text of whole) for (const dialect of dialects) dialect.classify(text);
  if (isBodyProblem(asked)) throw new Error(asked.message);
  for (const [, from, to] of lanes) {
    const translation = translationFor(from, to)?.(asked, options);
    if (!translation || "code" in translation) continue;
    for (const text of whole) translation.event(text);
    translation.end();
    translation.whole(bytes);
    translation.error(bytes);
  }
  return whole.length;
}

function split(chunks: readonly Buffer[]): string[] {
  const splitter = new EventSplitter();
  const texts: string[] = [];
  for (const chunk of chunks) {
    const { bytes, ends } = splitter.push(chunk);
    let start = 0;
    for (const end of ends) {
      texts.push(bytes.toString("latin1", start, end));
      start = end;
    }
  }
  return texts;
}
