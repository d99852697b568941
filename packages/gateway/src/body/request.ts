import type { GatewayErrorCode } from "../errors.ts";
import type { UpstreamOperation } from "../upstream/upstream.ts";
import { decodeString, isScanProblem, keyTable, parseJson, type Scan, scanObject } from "./scan.ts";
import type { Splice } from "./splice.ts";

/** What the gateway knows of a request's body without parsing it. */
export interface RequestBody {
  readonly bytes: Buffer;
  readonly scan: Scan;
  readonly model: string;
  readonly isStream: boolean;
  /** Whether the client itself asked for the usage of its stream. */
  readonly wantsUsage: boolean;
}

export interface BodyProblem {
  readonly code: GatewayErrorCode;
  readonly message: string;
  readonly param?: string;
}

const names = [
  "model",
  "stream",
  "stream_options",
  "messages",
  "input",
  "loadline",
  "n",
  "max_completion_tokens",
  "max_tokens",
  "max_output_tokens",
];
const [modelKey, streamKey, optionsKey, messagesKey, inputKey, loadlineKey] = [0, 1, 2, 3, 4, 5];
const choicesKey = 6;
const boundKeys = [7, 8, 9];
const requestKeys = keyTable(names, ["messages", "input"]);
const numberBytesMax = 12;
const modelCharsMax = 256;

/** Scans a request and checks the members the gateway acts on. */
export function readRequestBody(
  bytes: Buffer,
  operation: UpstreamOperation,
): RequestBody | BodyProblem {
  const scan = scanObject(bytes, requestKeys);
  if (isScanProblem(scan)) {
    const { code, message, field } = scan;
    return field === undefined ? { code, message } : { code, message, param: field };
  }
  if (startOf(scan, loadlineKey) >= 0) return wrong("loadline", "has no members in this version");
  if (startOf(scan, modelKey) < 0) return wrong("model", "is missing");
  const model = decodeString(bytes, startOf(scan, modelKey), endOf(scan, modelKey));
  if (model === undefined || model === "" || model.length > modelCharsMax)
    return wrong("model", `is not a string of 1 to ${modelCharsMax} characters`);
  const content = checkContent(bytes, scan, operation);
  if (content) return content;
  const stream = literalOf(bytes, scan, streamKey);
  if (stream === undefined || (stream && operation === "embeddings"))
    return wrong("stream", "is not a boolean this operation takes");
  const options = streamOptionsOf(bytes, scan);
  if (!options) return wrong("stream_options", "is not an object");
  return { bytes, scan, model, isStream: stream, wantsUsage: options["include_usage"] === true };
}

export function isBodyProblem(body: RequestBody | BodyProblem): body is BodyProblem {
  return "code" in body;
}

/** The edits that address the upstream's model and ask its stream for the usage. */
export function upstreamEdits(
  body: RequestBody,
  o: { model: string; addUsage: boolean; outputBound?: number | undefined },
): Splice[] {
  const edits: Splice[] = [];
  const { scan, bytes } = body;
  if (o.outputBound !== undefined) edits.push(...boundEdits(body, o.outputBound));
  if (o.model !== body.model) {
    const span = { start: startOf(scan, modelKey), end: endOf(scan, modelKey) };
    edits.push({ ...span, text: JSON.stringify(o.model) });
  }
  if (!o.addUsage || body.wantsUsage || !body.isStream) return edits;
  const start = startOf(scan, optionsKey);
  if (start < 0) {
    const text = ',"stream_options":{"include_usage":true}';
    edits.push({ start: scan.close, end: scan.close, text });
  } else {
    const text = JSON.stringify({ ...streamOptionsOf(bytes, scan), include_usage: true });
    edits.push({ start, end: endOf(scan, optionsKey), text });
  }
  return edits;
}

/** How many answers the request asks for: its `n`, 1 when absent or not a positive integer. */
export function choicesOf(body: RequestBody): number {
  return countOf(body, choicesKey) || 1;
}

/** The request's own bound on output tokens per answer; 0 when it gives none. */
export function outputBoundOf(body: RequestBody): number {
  for (const key of boundKeys) {
    const bound = countOf(body, key);
    if (bound > 0) return bound;
  }
  return 0;
}

/** Bounds the output: unusable bounds of the client are replaced, else `max_tokens` is added. */
function boundEdits({ scan }: RequestBody, bound: number): Splice[] {
  const text = String(bound);
  const present = boundKeys.filter((key) => startOf(scan, key) >= 0);
  if (present.length > 0)
    return present.map((key) => ({ start: startOf(scan, key), end: endOf(scan, key), text }));
  return [{ start: scan.close, end: scan.close, text: `,"max_tokens":${text}` }];
}

/** A positive safe integer, or 0 for anything else. */
function countOf(body: RequestBody, key: number): number {
  const start = startOf(body.scan, key);
  const end = endOf(body.scan, key);
  if (start < 0 || end - start > numberBytesMax) return 0;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (body.bytes[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return spelledCount(body, start, end);
    value = value * 10 + digit;
  }
  return value;
}

/** A count in a rarer spelling, such as `1e3`. */
function spelledCount(body: RequestBody, start: number, end: number): number {
  const value = Number(body.bytes.toString("latin1", start, end));
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}

function checkContent(
  bytes: Buffer,
  scan: Scan,
  operation: UpstreamOperation,
): BodyProblem | undefined {
  const key = operation === "chat" ? messagesKey : inputKey;
  const name = operation === "chat" ? "messages" : "input";
  const start = startOf(scan, key);
  if (start < 0) return wrong(name, "is missing");
  const first = bytes[start];
  if (first === 0x5b || (operation === "embeddings" && first === 0x22)) return undefined;
  return wrong(name, operation === "chat" ? "is not an array" : "is not a string or an array");
}

/** True, false, or undefined for any other value; absent and null are false. */
function literalOf(bytes: Buffer, scan: Scan, key: number | undefined): boolean | undefined {
  const start = startOf(scan, key);
  if (start < 0) return false;
  const text = bytes.toString("latin1", start, Math.min(endOf(scan, key), start + 6));
  if (text === "true") return true;
  return text === "false" || text === "null" ? false : undefined;
}

/** The client's stream options, empty when absent or null; undefined when not an object. */
function streamOptionsOf(bytes: Buffer, scan: Scan): Record<string, unknown> | undefined {
  const start = startOf(scan, optionsKey);
  if (start < 0) return {};
  const value = parseJson(bytes.toString("utf8", start, endOf(scan, optionsKey)));
  if (value === null) return {};
  return typeof value === "object" && !Array.isArray(value) ? { ...value } : undefined;
}

function wrong(param: string, what: string): BodyProblem {
  return { code: "LL_BODY_FIELD", message: `"${param}" ${what}`, param };
}

function startOf(scan: Scan, key: number | undefined): number {
  return scan.starts[key ?? -1] ?? -1;
}

function endOf(scan: Scan, key: number | undefined): number {
  return scan.ends[key ?? -1] ?? -1;
}
