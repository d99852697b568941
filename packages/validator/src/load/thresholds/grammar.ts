import { readClauses } from "./clauses.ts";
import { parseFloatWhole, readFloatAt } from "./float.ts";
import {
  type Aggregation,
  type Limit,
  type LimitUnit,
  type Operator,
  operators,
  type ParsedThreshold,
  type ThresholdProblem,
  words,
} from "./threshold.ts";

/** Longer texts are no threshold. */
export const thresholdCharsMax = 500;

/**
 * Reads `aggregation operator limit {clause}`. Every expression k6 reads is read unchanged, with
 * k6's leniency: spaces around either side, negative numbers, `5e2`. On top of it: units,
 * `baseline+10%` and the clauses of {@link Clauses}.
 */
export function parseThreshold(text: string): ParsedThreshold {
  if (text.length > thresholdCharsMax) {
    return fail(`is longer than ${thresholdCharsMax} characters`, thresholdCharsMax);
  }
  const split = splitOperator(text);
  if (split === null) {
    return fail(`needs one of ${operators.join(" ")}`, text.trimEnd().length);
  }
  const { operator, at } = split;
  const left = readAggregation(text.slice(0, at));
  if ("message" in left) return { ok: false, problem: left };
  const rightAt = at + operator.length;
  const right = readLimit(text.slice(rightAt), rightAt);
  if ("message" in right) return { ok: false, problem: right };
  const clauses = readClauses(text, right.end);
  if ("message" in clauses) return { ok: false, problem: clauses };
  const { limit } = right;
  return { ok: true, threshold: { text, ...left, operator, limit, clauses: clauses.clauses } };
}

/** The expression with `>>>` where reading stopped; one line, so that it survives any log. */
export function markPosition(text: string, at: number): string {
  const cut = Math.max(0, Math.min(at, text.length));
  return `${text.slice(0, cut)}>>>${text.slice(cut)}`;
}

function fail(message: string, at: number): ParsedThreshold {
  return { ok: false, problem: { message, at } };
}

/** k6 tries its operators in this order and cuts at the first place of the first that occurs. */
function splitOperator(text: string): { operator: Operator; at: number } | null {
  for (const operator of operators) {
    const at = text.indexOf(operator);
    if (at >= 0) return { operator, at };
  }
  return null;
}

function readAggregation(
  side: string,
): { aggregation: Aggregation; quantile: number | null } | ThresholdProblem {
  const method = side.trim();
  const at = side.length - side.trimStart().length;
  const word = words.find((one) => one === method);
  if (word !== undefined) return { aggregation: word, quantile: word === "med" ? 0.5 : null };
  if (method.startsWith("p(") && method.endsWith(")")) {
    const percent = parseFloatWhole(method.slice(2, -1));
    if (percent === null || percent < 0 || percent > 100) {
      return { message: "needs a percentile from 0 to 100 such as p(99.9)", at: at + 2 };
    }
    return { aggregation: "p", quantile: ratioOf(percent) };
  }
  const known = `${words.join(", ")} or p(N)`;
  return { message: `needs an aggregation before the operator: ${known}`, at };
}

/** 99.9 -> 0.999, not 0.9990000000000001. */
function ratioOf(percent: number): number {
  return Number((percent / 100).toPrecision(12));
}

interface ReadLimit {
  readonly limit: Limit;
  /** Position after it, in the whole text. */
  readonly end: number;
}

function readLimit(side: string, offset: number): ReadLimit | ThresholdProblem {
  const lead = side.length - side.trimStart().length;
  const rest = side.slice(lead);
  const at = offset + lead;
  const baseline = /^baseline\s*\+\s*/.exec(rest);
  if (baseline !== null)
    return readBaseline(rest.slice(baseline[0].length), at + baseline[0].length);
  const read = readFloatAt(rest);
  if (read === null) {
    return { message: "needs a number such as 200, 2s or 0.5%, or baseline+10%", at };
  }
  const after = rest.slice(read.length);
  const found = /^\s*(us|ms|s|m|%|\/s)(?![a-z0-9])/i.exec(after);
  const unit = found === null ? null : unitOf(found[1] ?? "");
  const end = at + read.length + (found === null ? 0 : found[0].length);
  const next = found === null ? after : after.slice(found[0].length);
  if (next !== "" && !/^\s/.test(next)) {
    return { message: "needs a unit (us ms s m % /s), a space or the end here", at: end };
  }
  return { limit: { kind: "value", value: read.value, unit }, end };
}

function unitOf(text: string): LimitUnit | null {
  const lower = text.toLowerCase();
  if (lower === "us" || lower === "ms" || lower === "s" || lower === "m") return lower;
  return lower === "%" || lower === "/s" ? lower : null;
}

function readBaseline(rest: string, at: number): ReadLimit | ThresholdProblem {
  const read = readFloatAt(rest);
  const percent = read === null ? null : /^\s*%/.exec(rest.slice(read.length));
  if (read === null || percent === null) {
    return { message: "needs a share in per cent such as baseline+10%", at };
  }
  if (read.value < 0) return { message: "needs a share of 0 % or more", at };
  const end = at + read.length + percent[0].length;
  return { limit: { kind: "baseline", share: ratioOf(read.value) }, end };
}
