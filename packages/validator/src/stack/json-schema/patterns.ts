import { createContext, type Context, Script } from "node:vm";

/** Time of one pattern on one text, ms: a usual one takes microseconds, on the busiest machine. */
const oneMs = 1_000;
/** Patterns that ran out of their time until no more is tried. */
const slowMax = 3;

/**
 * Patterns of a document of somebody else. A regular expression may take years on a text of fifty
 * letters, so each runs in a bounded time, and after 3 that ran out of it none runs any more.
 */
export function createPatterns() {
  const script = new Script("re.test(text)");
  const compiled = new Map<string, RegExp | null>();
  let context: Context | null = null;
  let slow = 0;
  return {
    /** Whether it finds something in the text; a clause where nobody can tell. */
    finds(pattern: string, text: string): boolean | string {
      const shown = JSON.stringify(pattern.slice(0, 60));
      if (!compiled.has(pattern)) compiled.set(pattern, regexOf(pattern));
      const re = compiled.get(pattern) ?? null;
      if (re === null) return `${shown}, which is no regular expression of ECMA-262`;
      if (slow >= slowMax) return `${shown}, after ${slowMax} patterns that took too long`;
      context ??= createContext({});
      Object.assign(context, { re, text });
      try {
        return script.runInContext(context, { timeout: oneMs }) === true;
      } catch (error) {
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
