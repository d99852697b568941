import { parseJson } from "@loadline/kit/json";
import { isRecord, type JsonRecord } from "../dialects/json.ts";
import type { GatewayErrorCode } from "../errors.ts";
import { askedList } from "./asked.ts";
import { keyTable } from "./keys.ts";
import { type Narrowing, readNarrowing } from "./narrowing.ts";
import {
  type BodyOperation,
  type BodyRule,
  bodyRules,
  type RequestKey,
  requestKeyNames,
} from "./rules.ts";
import { isScanProblem, type Scan, scanObject } from "./scan.ts";
import { decodeString } from "./text.ts";

/** What the gateway knows of a request's body without parsing it. */
export interface RequestBody {
  readonly bytes: Buffer;
  readonly scan: Scan;
  readonly operation: BodyOperation;
  readonly model: string;
  readonly isStream: boolean;
  /** Whether the client itself asked for the usage of its stream. */
  readonly wantsUsage: boolean;
  /** Bytes of all strings that are values, see `Scan.textBytes`, and three for each token number. */
  readonly textBytes: number;
  /** Messages, inputs or prompts; 1 for a single text. */
  readonly messageCount: number;
  /** The request's own bound on output tokens per answer, the larger of two; 0: it gives none. */
  readonly outputBound: number;
  /** Answers asked for: 1 to 128 for each prompt, of which text completions may have several. */
  readonly n: number;
  readonly hasTools: boolean;
  /** What the request's `loadline` object narrows; undefined without one. */
  readonly narrowing: Narrowing | undefined;
}

export interface BodyProblem {
  readonly code: GatewayErrorCode;
  readonly message: string;
  readonly param?: string;
}

const keys = keyTable(requestKeyNames);
const modelCharsMax = 256;
const answersMax = 128;
const boundMax = 100_000_000;
const numberBytesMax = 12;
const noOptions: JsonRecord = {};
const openBracket = 0x5b;
const quote = 0x22;

/** Index of a known member in the arrays of a scan. */
export const keyIndex: Readonly<Record<RequestKey, number>> = {
  model: 0,
  stream: 1,
  stream_options: 2,
  max_tokens: 3,
  max_completion_tokens: 4,
  max_output_tokens: 5,
  n: 6,
  messages: 7,
  input: 8,
  prompt: 9,
  tools: 10,
  user: 11,
  loadline: 12,
  best_of: 13,
  system: 14,
  instructions: 15,
};

/** Scans a request and checks the members the gateway acts on. */
export function readRequestBody(
  bytes: Buffer,
  operation: BodyOperation,
): RequestBody | BodyProblem {
  const scan = scanObject(bytes, keys);
  if (isScanProblem(scan)) {
    const { code, message, field } = scan;
    return field === undefined ? { code, message } : { code, message, param: field };
  }
  const rule = bodyRules[operation];
  const model = modelOf(bytes, scan);
  if (model === undefined) return wrongModel(scan);
  const problem = checkContent(bytes, scan, rule) ?? checkRest(bytes, scan, rule);
  if (problem) return problem;
  const narrowing = narrowingOf(bytes, scan);
  if (narrowing && "code" in narrowing) return narrowing;
  const content = keyIndex[rule.content];
  const count = scan.counts[content] ?? 0;
  const asked = askedList(bytes, scan.starts[content] ?? -1, scan.ends[content] ?? -1, count);
  return {
    bytes,
    scan,
    operation,
    model,
    isStream: booleanOf(bytes, scan) === true,
    wantsUsage: streamOptionsOf(bytes, scan)?.["include_usage"] === true,
    textBytes: scan.textBytes + asked.idBytes,
    messageCount: count === 0 ? messagesOf(bytes, scan, rule) : asked.parts,
    outputBound: boundOf(bytes, scan, rule),
    n: answersOf(bytes, scan, operation) * (operation === "completions" ? asked.parts : 1),
    hasTools: (scan.counts[keyIndex.tools] ?? 0) > 0,
    narrowing,
  };
}

export function isBodyProblem(body: RequestBody | BodyProblem): body is BodyProblem {
  return "code" in body;
}

/** How many answers the request asks for, 1 when it does not say. */
export function choicesOf(body: RequestBody): number {
  return body.n;
}

/** The request's own bound on output tokens per answer; 0 when it gives none. */
export function outputBoundOf(body: RequestBody): number {
  return body.outputBound;
}

/** The client's stream options, empty when absent or null; undefined when not an object. */
export function streamOptionsOf(bytes: Buffer, scan: Scan): JsonRecord | undefined {
  const start = scan.starts[keyIndex.stream_options] ?? -1;
  if (start < 0) return noOptions;
  const value = parseJson(textAt(bytes, scan, keyIndex.stream_options));
  if (value === null) return noOptions;
  return isRecord(value) ? value : undefined;
}

function modelOf(bytes: Buffer, scan: Scan): string | undefined {
  const model = decodeString(bytes, scan.starts[0] ?? -1, scan.ends[0] ?? -1);
  return model === "" || (model?.length ?? 0) > modelCharsMax ? undefined : model;
}

function wrongModel(scan: Scan): BodyProblem {
  if ((scan.starts[keyIndex.model] ?? -1) < 0) return wrong(scan, "model", "is missing");
  return wrong(scan, "model", `is not a string of 1 to ${modelCharsMax} characters`);
}

function checkContent(bytes: Buffer, scan: Scan, rule: BodyRule): BodyProblem | undefined {
  const start = scan.starts[keyIndex[rule.content]] ?? -1;
  if (start < 0) return wrong(scan, rule.content, "is missing");
  const first = bytes[start];
  if (first === openBracket || (rule.mayBeText && first === quote)) return undefined;
  return wrong(
    scan,
    rule.content,
    rule.mayBeText ? "is not a string or an array" : "is not an array",
  );
}

/** The members beside the content have the types the gateway reads them as. */
function checkRest(bytes: Buffer, scan: Scan, rule: BodyRule): BodyProblem | undefined {
  const stream = booleanOf(bytes, scan);
  if (stream === undefined || (stream && !rule.mayStream))
    return wrong(scan, "stream", "is not a boolean this operation takes");
  if (!streamOptionsOf(bytes, scan)) return wrong(scan, "stream_options", "is not an object");
  if (!isOf(bytes, scan, "tools", openBracket)) return wrong(scan, "tools", "is not an array");
  if (!isOf(bytes, scan, "user", quote)) return wrong(scan, "user", "is not a string");
  for (const key of rule.answers) {
    const n = countOf(bytes, scan, key);
    if (n < 0 || n > answersMax) return wrong(scan, key, `is not an integer of 1 to ${answersMax}`);
  }
  return checkBounds(bytes, scan, rule);
}

function checkBounds(bytes: Buffer, scan: Scan, rule: BodyRule): BodyProblem | undefined {
  let hasBound = false;
  for (const key of rule.bounds) {
    const value = countOf(bytes, scan, key);
    if (value < 0 || value > boundMax) return wrong(scan, key, "is not a positive integer");
    hasBound ||= value > 0;
  }
  const [required] = rule.bounds;
  if (hasBound || !rule.boundRequired || required === undefined) return undefined;
  return wrong(scan, required, "is missing");
}

/** Whether a member is absent, null, or begins with this byte. */
function isOf(bytes: Buffer, scan: Scan, key: RequestKey, first: number): boolean {
  const start = scan.starts[keyIndex[key]] ?? -1;
  return start < 0 || bytes[start] === first || isNull(bytes, start);
}

/** The largest bound given, 0 for none: which of two the upstream keeps is not known here. */
function boundOf(bytes: Buffer, scan: Scan, rule: BodyRule): number {
  let bound = 0;
  for (const key of rule.bounds) {
    const value = countOf(bytes, scan, key);
    if (value > bound) bound = value;
  }
  return bound;
}

/** Answers to one prompt, those that only the best of is shown of too. */
function answersOf(bytes: Buffer, scan: Scan, operation: BodyOperation): number {
  let most = 1;
  for (const key of bodyRules[operation].answers) most = Math.max(most, countOf(bytes, scan, key));
  return most;
}

/** A positive integer, 0 when absent or null, -1 for anything else. */
function countOf(bytes: Buffer, scan: Scan, key: RequestKey): number {
  const index = keyIndex[key];
  const start = scan.starts[index] ?? -1;
  if (start < 0 || isNull(bytes, start)) return 0;
  const end = scan.ends[index] ?? -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (bytes[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 9 || end - start > numberBytesMax)
      return spelledCount(textAt(bytes, scan, index));
    value = value * 10 + digit;
  }
  return value > 0 ? value : -1;
}

/** A count in a rarer spelling, such as `1e3`. */
function spelledCount(text: string): number {
  const value = parseJson(text);
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : -1;
}

/** True, false, or undefined for any other value; absent and null are false. */
function booleanOf(bytes: Buffer, scan: Scan): boolean | undefined {
  const start = scan.starts[keyIndex.stream] ?? -1;
  if (start < 0) return false;
  const first = bytes[start];
  if (first === 0x74) return true;
  return first === 0x66 || first === 0x6e ? false : undefined;
}

function messagesOf(bytes: Buffer, scan: Scan, rule: BodyRule): number {
  const index = keyIndex[rule.content];
  const isText = bytes[scan.starts[index] ?? -1] === quote;
  return isText ? 1 : (scan.counts[index] ?? 0);
}

function narrowingOf(bytes: Buffer, scan: Scan): Narrowing | BodyProblem | undefined {
  if ((scan.starts[keyIndex.loadline] ?? -1) < 0) return undefined;
  return readNarrowing(parseJson(textAt(bytes, scan, keyIndex.loadline)));
}

function textAt(bytes: Buffer, scan: Scan, index: number): string {
  return bytes.toString("utf8", scan.starts[index], scan.ends[index]);
}

function isNull(bytes: Buffer, start: number): boolean {
  return bytes[start] === 0x6e;
}

/** Names the member and, where it is there, the byte at which its value begins. */
function wrong(scan: Scan, param: RequestKey, what: string): BodyProblem {
  const start = scan.starts[keyIndex[param]] ?? -1;
  const at = start < 0 ? "" : ` at byte ${start}`;
  return { code: "LL_BODY_FIELD", message: `"${param}" ${what}${at}`, param };
}
