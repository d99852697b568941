import { seededRandom } from "@loadline/kit/random";
import { loadErrors } from "../errors.ts";
import type { TraceData } from "../scenario-types.ts";
import { traceFormats, type TraceFormat, type TraceRow } from "./trace-formats.ts";

/** A trace may have this many rows and prefix blocks. */
const rowsMax = 5_000_000;
const blocksMax = 50_000_000;

/** Columns of a trace in one of the known formats. Throws LL_LOAD_TRACE_INVALID, naming the line. */
export function parseTrace(text: string, format: TraceFormat): TraceData {
  const read = traceFormats[format];
  const lines = text.split("\n");
  const rows: TraceRow[] = [];
  let blocks = 0;
  const parse = read.start(lines[0] ?? "");
  for (let i = read.headerLines; i < lines.length; i++) {
    const line = (lines[i] ?? "").replace(/\r$/, "");
    if (line.trim() === "") continue;
    const row = parse === null ? "has no such columns" : parse(line);
    if (typeof row === "string") throw invalid(i + 1, row);
    const last = rows.at(-1);
    if (last !== undefined && row.atMs < last.atMs) throw invalid(i + 1, "goes back in time");
    rows.push(row);
    blocks += row.hashIds.length;
    if (rows.length > rowsMax || blocks > blocksMax) throw invalid(i + 1, "is one row too many");
  }
  if (rows.length === 0) throw invalid(1, "begins a trace without rows");
  return columnsOf(rows, blocks);
}

function columnsOf(rows: readonly TraceRow[], blocks: number): TraceData {
  const n = rows.length;
  const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);
  const trace = {
    atMs: new Float64Array(shared(n * 8)),
    inputTokens: new Uint32Array(shared(n * 4)),
    outputTokens: new Uint32Array(shared(n * 4)),
    hashIds: new Uint32Array(shared(blocks * 4)),
    hashStart: new Uint32Array(shared((n + 1) * 4)),
  };
  const firstMs = rows[0]?.atMs ?? 0;
  let at = 0;
  rows.forEach((row, i) => {
    trace.atMs[i] = row.atMs - firstMs;
    trace.inputTokens[i] = row.inputTokens;
    trace.outputTokens[i] = row.outputTokens;
    trace.hashStart[i] = at;
    for (const id of row.hashIds) trace.hashIds[at++] = id;
  });
  trace.hashStart[n] = at;
  return trace;
}

function invalid(line: number, what: string): Error {
  return loadErrors.make("LL_LOAD_TRACE_INVALID", `Line ${line} of the trace ${what}.`);
}

/** Tokens of a prefix block in Mooncake's format. */
export const blockTokens = 512;
const words = ["load", "line", "ship", "sea", "deck", "hull", "port", "keel", "mast", "wind"];

/**
 * A prompt of about the row's tokens, one short word each. Rows that share prefix blocks share the
 * text of those blocks, byte for byte; the rest is the row's own.
 */
export function tracePrompt(trace: TraceData, row: number, seed: number): string {
  const left = trace.inputTokens[row] ?? 0;
  const ids = trace.hashIds.subarray(trace.hashStart[row] ?? 0, trace.hashStart[row + 1] ?? 0);
  const parts: string[] = [];
  let tokens = 0;
  for (const id of ids) {
    const count = Math.min(blockTokens, left - tokens);
    if (count <= 0) break;
    parts.push(textOf((seed ^ Math.imul(id + 1, 0xc2b2ae35)) >>> 0, count));
    tokens += count;
  }
  const own = (seed ^ Math.imul(row + 1, 0x27d4eb2f) ^ 0x165667b1) >>> 0;
  if (tokens < left || left === 0) parts.push(textOf(own, Math.max(1, left - tokens)));
  return parts.join(" ");
}

function textOf(seed: number, count: number): string {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => words[random.below(words.length)]).join(" ");
}
