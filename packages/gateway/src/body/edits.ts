import { keyIndex, type RequestBody, streamOptionsOf } from "./request.ts";
import { bodyRules } from "./rules.ts";
import type { Splice } from "./splice.ts";
import { isSpace } from "./space.ts";

export interface EditOptions {
  /** The model's name at the upstream. */
  readonly model: string;
  /** Ask a stream for its usage, unless the client did. */
  readonly addUsage: boolean;
  /** Most output tokens; added when the client gave no bound or a larger one. */
  readonly outputBound?: number | undefined;
  /** Member that carries an added bound, where the upstream wants another than the usual one. */
  readonly boundName?: string | undefined;
}

const comma = 0x2c;

/** The edits that make a request the upstream's; every byte outside of them is the client's. */
export function upstreamEdits(body: RequestBody, o: EditOptions): Splice[] {
  const edits: Splice[] = [];
  const { starts, ends, close } = body.scan;
  if (o.model !== body.model) {
    const start = starts[keyIndex.model] ?? 0;
    edits.push({ start, end: ends[keyIndex.model] ?? 0, text: JSON.stringify(o.model) });
  }
  if (body.narrowing) edits.push(removal(body, keyIndex.loadline));
  let added = "";
  if (o.addUsage && body.isStream && !body.wantsUsage && bodyRules[body.operation].hasStreamOptions)
    added += usageEdit(body, edits);
  if (o.outputBound !== undefined) added += boundEdit(body, o.outputBound, o.boundName, edits);
  if (added !== "") edits.push({ start: close, end: close, text: added });
  return edits;
}

/** Changes the client's stream options, or answers the member to add. */
function usageEdit(body: RequestBody, edits: Splice[]): string {
  const start = body.scan.starts[keyIndex.stream_options] ?? -1;
  if (start < 0) return ',"stream_options":{"include_usage":true}';
  const options = { ...streamOptionsOf(body.bytes, body.scan), include_usage: true };
  const end = body.scan.ends[keyIndex.stream_options] ?? -1;
  edits.push({ start, end, text: JSON.stringify(options) });
  return "";
}

/** Lowers the client's bounds, or answers the member to add. */
function boundEdit(
  body: RequestBody,
  bound: number,
  name: string | undefined,
  edits: Splice[],
): string {
  const { bounds } = bodyRules[body.operation];
  const [first] = bounds;
  if (first === undefined || (body.outputBound > 0 && body.outputBound <= bound)) return "";
  let hasMember = false;
  for (const key of bounds) {
    const start = body.scan.starts[keyIndex[key]] ?? -1;
    if (start < 0) continue;
    hasMember = true;
    const end = body.scan.ends[keyIndex[key]] ?? -1;
    // The smaller of two stays.
    const own = Number(body.bytes.toString("latin1", start, end));
    if (!(own > 0 && own <= bound)) edits.push({ start, end, text: String(bound) });
  }
  return hasMember ? "" : `,"${name ?? first}":${bound}`;
}

/** Cuts a known member out, with one of the commas beside it. */
function removal(body: RequestBody, index: number): Splice {
  const { bytes, scan } = body;
  const start = scan.names[index] ?? 0;
  const end = scan.ends[index] ?? 0;
  let after = end;
  while (isSpace(bytes[after])) after++;
  if (bytes[after] === comma) return { start, end: after + 1, text: "" };
  let before = start - 1;
  while (isSpace(bytes[before])) before--;
  return { start: bytes[before] === comma ? before : start, end, text: "" };
}
