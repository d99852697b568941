import { parseJson } from "@loadline/kit/json";

/** One request of a trace. */
export interface TraceRow {
  readonly atMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly hashIds: readonly number[];
}

export type TraceFormat = "mooncake" | "azure" | "burstgpt";

/** How a format is read: a line gives a row, or what is wrong with it. */
interface FormatReader {
  readonly headerLines: 0 | 1;
  /** Null when the header lacks a column. */
  start(header: string): ((line: string) => TraceRow | string) | null;
}

const idsPerRowMax = 100_000;
const tokensMax = 10_000_000;

/** The one table of trace formats. */
export const traceFormats: Readonly<Record<TraceFormat, FormatReader>> = {
  mooncake: { headerLines: 0, start: () => readMooncake },
  azure: csv(["TIMESTAMP", "ContextTokens", "GeneratedTokens"], isoMs),
  burstgpt: csv(["Timestamp", "Request tokens", "Response tokens"], (text) =>
    text === "" ? Number.NaN : Number(text) * 1000,
  ),
};

function readMooncake(line: string): TraceRow | string {
  const value = parseJson(line);
  if (value === undefined) return "is not JSON";
  if (typeof value !== "object" || value === null) return "is not an object";
  const row = value as Readonly<Record<string, unknown>>;
  const ids = row["hash_ids"] ?? [];
  if (!Array.isArray(ids) || ids.length > idsPerRowMax || !ids.every(isId)) {
    return "has hash_ids that are no list of whole numbers";
  }
  const { timestamp, input_length, output_length } = row;
  return rowOf([timestamp, input_length, output_length], ids);
}

function isId(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}

/** A CSV of numbers: a header names the columns of time, input and output tokens. */
function csv(columns: readonly string[], toMs: (text: string) => number): FormatReader {
  return {
    headerLines: 1,
    start(header) {
      const names = header
        .replace(/^\uFEFF|\r$/g, "")
        .split(",")
        .map((name) => name.trim());
      const at = columns.map((column) => names.indexOf(column));
      if (at.includes(-1)) return null;
      return (line) => {
        const cells = line.split(",").map((cell) => cell.trim());
        if (cells.length !== names.length) {
          return `has ${cells.length} cells, the header has ${names.length}`;
        }
        const [time, input, output] = at.map((i) => cells[i] ?? "");
        return rowOf([toMs(time ?? ""), toCount(input), toCount(output)], []);
      };
    },
  };
}

function toCount(text: string | undefined): number {
  return text === undefined || text === "" ? Number.NaN : Number(text);
}

/** `2023-11-16 18:15:46.6805900`, read as UTC; NaN when it is no time. */
function isoMs(text: string): number {
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(Z|\+00:00)?$/.exec(text);
  if (match === null) return Number.NaN;
  const [, day, time, fraction] = match;
  return Date.parse(`${day}T${time}Z`) + Number(fraction ?? 0) * 1000;
}

function rowOf(values: readonly unknown[], hashIds: readonly number[]): TraceRow | string {
  const [atMs, inputTokens, outputTokens] = values;
  if (typeof atMs !== "number" || !Number.isFinite(atMs) || atMs < 0) return "has no valid time";
  if (!isTokens(inputTokens) || !isTokens(outputTokens)) return "has no valid token counts";
  return { atMs, inputTokens, outputTokens, hashIds };
}

function isTokens(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= tokensMax;
}
