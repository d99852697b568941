import { isRecord, type JsonRecord, parseJson } from "@loadline/kit/json";
import { isNumber, isText } from "./json.ts";

/** Counts of one sample of one claim, as an exported script kept them. */
export interface ResultRow {
  readonly id: string;
  readonly part: string;
  readonly n: number;
  readonly over: number;
  readonly limitMs: number | null;
}

/** What exported scripts printed, one or several pods added up. */
export interface ExportedResult {
  /** SHA-256 of the plan's parsed `load:` block, hex; a script keeps that of its export. */
  readonly plan: string;
  /** How many scripts said something. */
  readonly scripts: number;
  readonly rows: readonly ResultRow[];
  readonly ok: Readonly<Record<string, { readonly ok: number; readonly n: number }>>;
  readonly requests: number;
  /** Lateness of iterations; of several scripts the largest, percentiles are never merged. */
  readonly lagP99Ms: number | null;
  readonly notTested: readonly { readonly id: string; readonly why: string }[];
}

/** What marks the line of an exported script. */
export const resultWord = "LOADLINE_RESULT ";
const linePattern = /LOADLINE_RESULT (\{.*\})\s*$/gm;

/**
 * The sum of all `LOADLINE_RESULT` lines of a log, null when there is none; counts add exactly. A
 * text says what is wrong with a line: damaged, or of another plan.
 */
export function readResults(text: string): ExportedResult | string | null {
  let sum: ExportedResult | null = null;
  for (const [, json = ""] of text.matchAll(linePattern)) {
    const one = readResult(json);
    if (one === null) return "a LOADLINE_RESULT line is damaged";
    if (sum !== null && sum.plan !== one.plan) return "LOADLINE_RESULT lines of several plans";
    sum = sum === null ? one : add(sum, one);
  }
  return sum;
}

function readResult(json: string): ExportedResult | null {
  // A log may wrap a line in another: what is no JSON is a damaged line, not an error of ours.
  const value = parseJson(json);
  if (!isRecord(value) || value["v"] !== 1 || !isText(value["plan"])) return null;
  const { rows, ok, requests, lagP99Ms, notTested } = value as Readonly<Record<string, unknown>>;
  if (!Array.isArray(rows) || !isRecord(ok) || !isNumber(requests)) return null;
  const read = rows.map(readRow);
  const counts = Object.entries(ok).map(([name, one]) => [name, readOk(one)] as const);
  if (read.some((row) => row === null) || counts.some(([, one]) => one === null)) return null;
  return {
    plan: value["plan"],
    scripts: 1,
    rows: read.filter((row) => row !== null),
    ok: Object.fromEntries(counts.flatMap(([name, one]) => (one === null ? [] : [[name, one]]))),
    requests,
    lagP99Ms: isNumber(lagP99Ms) ? lagP99Ms : null,
    notTested: Array.isArray(notTested) ? notTested.flatMap(readNotTested) : [],
  };
}

const isCount = (value: unknown): value is number =>
  isNumber(value) && Number.isInteger(value) && value >= 0;

function readRow(value: unknown): ResultRow | null {
  if (!isRecord(value)) return null;
  const { id, part, n, over, limitMs } = value as Readonly<Record<string, unknown>>;
  if (!isText(id) || !isText(part) || !isCount(n) || !isCount(over) || over > n) return null;
  return { id, part, n, over, limitMs: isNumber(limitMs) ? limitMs : null };
}

function readOk(value: unknown): { ok: number; n: number } | null {
  if (!isRecord(value)) return null;
  const { ok, n } = value as JsonRecord;
  return isCount(ok) && isCount(n) && ok <= n ? { ok, n } : null;
}

function readNotTested(value: unknown): { id: string; why: string }[] {
  if (!isRecord(value) || !isText(value["id"]) || !isText(value["why"])) return [];
  return [{ id: value["id"], why: value["why"] }];
}

function add(a: ExportedResult, b: ExportedResult): ExportedResult {
  const names = [...new Set([...Object.keys(a.ok), ...Object.keys(b.ok)])];
  const ok = names.map((name) => {
    const [x, y] = [a.ok[name] ?? { ok: 0, n: 0 }, b.ok[name] ?? { ok: 0, n: 0 }];
    return [name, { ok: x.ok + y.ok, n: x.n + y.n }] as const;
  });
  const lags = [a.lagP99Ms, b.lagP99Ms].filter((ms) => ms !== null);
  return {
    plan: a.plan,
    scripts: a.scripts + b.scripts,
    // Rows of one claim and part add up where they are counted.
    rows: [...a.rows, ...b.rows],
    ok: Object.fromEntries(ok),
    requests: a.requests + b.requests,
    lagP99Ms: lags.length === 0 ? null : Math.max(...lags),
    notTested: a.notTested,
  };
}
