import type { Problem } from "@loadline/contract";
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from "yaml";
import type { z } from "zod";
import { type ShapeProblem, shapeProblems } from "./shape-problems.ts";
import { shapeText } from "./shape-text.ts";

/** A problem with the line it is on, 1-based. */
export type PlanProblem = Problem & { readonly line: number };

/** A YAML text that fits its schema, or every problem found in it. */
export type YamlResult<T> =
  | {
      readonly ok: true;
      readonly data: T;
      /** Line of the value at a path, else of its nearest parent that exists, 1-based. */
      readonly lineAt: (path: readonly PropertyKey[]) => number;
    }
  | { readonly ok: false; readonly problems: readonly PlanProblem[] };

/** Line of one step of a path: a key of a map or an item of a list; null where it is absent. */
function lineOfStep(parent: unknown, part: string, lines: LineCounter): number | null {
  if (isSeq(parent)) {
    const item = parent.items[Number(part)];
    const range = typeof item === "object" && item !== null && "range" in item ? item.range : null;
    return Array.isArray(range) ? lines.linePos(Number(range[0])).line : null;
  }
  if (!isMap(parent)) return null;
  const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === part);
  const key = pair?.key;
  return isScalar(key) && key.range ? lines.linePos(key.range[0]).line : null;
}

/** Line of the key at `path`, else of its nearest parent that exists. */
export function lineOf(
  document: Document,
  lines: LineCounter,
  path: readonly PropertyKey[],
): number {
  for (let depth = path.length; depth > 0; depth--) {
    const parent = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    const line = lineOfStep(parent, String(path[depth - 1]), lines);
    if (line !== null) return line;
  }
  return 1;
}

/** A value that is no text, read by a schema; else every problem, with its path and nearest key. */
export function readValue<S extends z.ZodType>(
  schema: S,
  value: unknown,
):
  | { readonly ok: true; readonly data: z.output<S> }
  | { readonly ok: false; readonly problems: readonly ShapeProblem[] } {
  const parsed = schema.safeParse(value, { error: shapeText });
  if (parsed.success) return { ok: true, data: parsed.data };
  return { ok: false, problems: shapeProblems(schema, value, parsed.error) };
}

/** Reads YAML by a schema: all problems at once, each with its path, line and the nearest key. */
export function parseYaml<S extends z.ZodType>(text: string, schema: S): YamlResult<z.output<S>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({
      code: "LL_PLAN_SHAPE",
      path: "",
      message: error.message.split("\n")[0] ?? error.code,
      line: error.linePos?.[0].line ?? 1,
    }));
    return { ok: false, problems };
  }
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    // Aliases that multiply without end, or that name nothing.
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, problems: [{ code: "LL_PLAN_SHAPE", path: "", message, line: 1 }] };
  }
  const read = readValue(schema, value);
  const lineAt = (path: readonly PropertyKey[]): number => lineOf(document, lines, path);
  if (read.ok) return { ok: true, data: read.data, lineAt };
  const problems = read.problems.map(({ at, ...problem }) => ({ ...problem, line: lineAt(at) }));
  return { ok: false, problems };
}
