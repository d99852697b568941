import { parseFloatWhole } from "./float.ts";
import type { Clauses, ThresholdProblem } from "./threshold.ts";

const clausePattern = /^\s+(over|for|min_samples|confidence|clock)\(([^()]*)\)/;
const names = "over(60s), for(30s), min_samples(n), confidence(0.99), clock(intended|sent)";

const durationPattern = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const durationMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

type Read = { readonly [K in keyof Clauses]?: Clauses[K] } | null;

/** Clauses from `start` to the end of the text, each at most once. */
export function readClauses(
  text: string,
  start: number,
): { readonly clauses: Clauses } | ThresholdProblem {
  let clauses: Clauses = {};
  const seen = new Set<string>();
  let at = start;
  while (text.slice(at).trim() !== "") {
    const gap = text.length - at - text.slice(at).trimStart().length;
    const found = clausePattern.exec(text.slice(at));
    if (found === null)
      return { message: `needs a clause or the end here: ${names}`, at: at + gap };
    const [whole, name = "", argument = ""] = found;
    if (seen.has(name)) return { message: `${name}() stands twice`, at: at + gap };
    seen.add(name);
    const read = readClause(name, argument.trim());
    if (read === null)
      return { message: `${name}(${argument}) is not one of ${names}`, at: at + gap };
    clauses = { ...clauses, ...read };
    at += whole.length;
  }
  return { clauses };
}

function readClause(name: string, argument: string): Read {
  switch (name) {
    case "over":
      return windowOf(argument, 1_000, (overMs) => ({ overMs }));
    case "for":
      return windowOf(argument, 0, (forMs) => ({ forMs }));
    case "min_samples": {
      const minSamples = /^\d{1,9}$/.test(argument) ? Number(argument) : 0;
      return minSamples >= 1 ? { minSamples } : null;
    }
    case "confidence": {
      const confidence = parseFloatWhole(argument);
      const isKnown = confidence !== null && confidence >= 0.9 && confidence <= 0.999;
      return isKnown ? { confidence } : null;
    }
    default:
      return argument === "intended" || argument === "sent" ? { clock: argument } : null;
  }
}

function windowOf(argument: string, leastMs: number, make: (ms: number) => Read): Read {
  const ms = parseSpanMs(argument);
  return ms !== null && ms >= leastMs ? make(ms) : null;
}

/** `500ms`, `60s`, `10m` or `1h` as ms; null for anything else. */
export function parseSpanMs(text: string): number | null {
  const [, count, unit = ""] = durationPattern.exec(text) ?? [];
  const factor = durationMs[unit];
  return count === undefined || factor === undefined ? null : Number(count) * factor;
}
