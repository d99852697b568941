import { createContext, type Context, Script } from "node:vm";

/** Time of one pattern on one text, ms: a usual one takes microseconds, on the busiest machine. */
const oneMs = 1_000;
/** Patterns that ran out of their time until no more is tried. */
const slowMax = 3;
/** Texts that are tried, once each with a pattern: guarding one takes 0.2 ms. */
const triedMax = 20_000;
/** Longest text whose answer is kept, characters. */
const keptCharsMax = 200;

interface Pattern {
  /** Null where it is no expression. */
  readonly re: RegExp | null;
  readonly known: Map<string, boolean>;
}

/**
 * Patterns of a document of somebody else. A regular expression may take years on a text of fifty
 * letters, so each runs in a bounded time, and after 3 that ran out of it, or 20,000 texts, none
 * runs any more.
 */
export function createPatterns() {
  const script = new Script("re.test(text)");
  const patterns = new Map<string, Pattern>();
  let context: Context | null = null;
  let slow = 0;
  let tried = 0;

  function tryOne({ re, known }: Pattern, text: string): boolean {
    tried++;
    context ??= createContext({});
    Object.assign(context, { re, text });
    const isFound = script.runInContext(context, { timeout: oneMs }) === true;
    if (text.length <= keptCharsMax) known.set(text, isFound);
    return isFound;
  }

  function patternOf(source: string): Pattern {
    const pattern = patterns.get(source) ?? { re: regexOf(source), known: new Map() };
    patterns.set(source, pattern);
    return pattern;
  }

  return {
    /** Whether it finds something in the text; a clause where nobody can tell. */
    finds(source: string, text: string): boolean | string {
      const shown = JSON.stringify(source.slice(0, 60));
      const pattern = patternOf(source);
      if (pattern.re === null) return `${shown}, which is no regular expression of ECMA-262`;
      const before = pattern.known.get(text);
      if (before !== undefined) return before;
      if (slow >= slowMax) return `${shown}, after ${slowMax} patterns that took too long`;
      if (tried >= triedMax) return `${shown}, after ${triedMax} texts`;
      try {
        return tryOne(pattern, text);
      } catch (error) {
        if (isTooMuch(error)) return `${shown}, which is too much on ${text.length} characters`;
        if (!isTimeout(error)) throw error;
        slow++;
        return `${shown}, which takes more than ${oneMs} ms on ${text.length} characters`;
      }
    },
  };
}

/** An error of another context is none of this one's classes. */
const isTimeout = (error: unknown): boolean =>
  typeof error === "object" &&
  error !== null &&
  "code" in error &&
  error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";

/** It is compiled at its first use, where it may be too large, or its way back too long to keep. */
const isTooMuch = (error: unknown): boolean =>
  typeof error === "object" &&
  error !== null &&
  "name" in error &&
  (error.name === "SyntaxError" || error.name === "RangeError");

/** As JSON Schema has it, with Unicode; as people write it where that refuses it. */
function regexOf(pattern: string): RegExp | null {
  for (const flags of ["u", ""]) {
    try {
      return new RegExp(pattern, flags);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return null;
}
