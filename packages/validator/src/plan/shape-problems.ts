import type { Problem } from "@loadline/contract";
import { isRecord } from "@loadline/kit/json";
import { meant, nearest } from "@loadline/kit/nearest";
import type { z } from "zod";
import { keysOf, schemaAt } from "./schema-keys.ts";
import { kindOf, neededOf, noForm } from "./shape-text.ts";

/** A problem, and the path of what it is about. */
export type ShapeProblem = Problem & { readonly at: readonly PropertyKey[] };

/** What is wrong with a value by its schema, each with its path and the nearest key. */
export function shapeProblems(
  schema: z.ZodType,
  value: unknown,
  error: z.ZodError,
): readonly ShapeProblem[] {
  const tell = (issue: z.core.$ZodIssue, before: readonly PropertyKey[]): ShapeProblem[] => {
    const at = [...before, ...issue.path];
    if (issue.code === "invalid_union" && issue.message === noForm) {
      const meantForm = formOf(branchesOf(issue));
      if (meantForm !== null) return meantForm.flatMap((one) => tell(one, at));
      return [shaped(at, `${neededByAny(branchesOf(issue))}, found ${kindOf(valueAt(value, at))}`)];
    }
    if (issue.code !== "unrecognized_keys") {
      return [shaped(at, issue.message + standsFor(schema, value, at))];
    }
    const known = keysOf(schemaAt(schema, value, at));
    return issue.keys.map((key) => {
      const path = [...at, key];
      const message = `unknown key.${meant(key, known)}`;
      return { code: "LL_PLAN_KEY", path: textOf(path), message, at: path };
    });
  };
  return error.issues.flatMap((issue) => tell(issue, []));
}

const textOf = (path: readonly PropertyKey[]): string => path.map(String).join(".");

const shaped = (at: readonly PropertyKey[], message: string): ShapeProblem => ({
  code: "LL_PLAN_SHAPE",
  path: textOf(at),
  message,
  at,
});

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let held: unknown = value;
  for (const part of path) {
    held = Array.isArray(held) ? held[Number(part)] : isRecord(held) ? held[String(part)] : null;
  }
  return held;
}

/** `; "metod" stands there` of a key that is missing while one of nearly its name is too much. */
function standsFor(schema: z.ZodType, value: unknown, at: readonly PropertyKey[]): string {
  const parent = valueAt(value, at.slice(0, -1));
  const key = at.at(-1);
  if (!isRecord(parent) || typeof key !== "string" || parent[key] !== undefined) return "";
  const known = keysOf(schemaAt(schema, value, at.slice(0, -1)));
  const found = nearest(
    key,
    Object.keys(parent).filter((one) => !known.includes(one)),
  );
  return found === null ? "" : `; "${found}" stands there`;
}

type Branch = readonly z.core.$ZodIssue[];

/** What each form of a union says of the value; of unions within it each of theirs. */
function branchesOf(issue: z.core.$ZodIssueInvalidUnion): Branch[] {
  return issue.errors.flatMap((branch) => {
    const [only] = branch;
    const isUnion =
      branch.length === 1 && only?.code === "invalid_union" && only.message === noForm;
    return isUnion && only.path.length === 0 ? branchesOf(only) : [branch];
  });
}

/** The form that the value is of, with the fewest faults; null when it is of another kind than all. */
function formOf(branches: readonly Branch[]): Branch | null {
  const faults = (branch: Branch): number =>
    branch.reduce((sum, one) => sum + (one.code === "unrecognized_keys" ? one.keys.length : 1), 0);
  const ofItsKind = branches.filter((branch) =>
    branch.every((one) => one.path.length > 0 || neededOf(one) === null),
  );
  return ofItsKind.toSorted((a, b) => faults(a) - faults(b))[0] ?? null;
}

/** `needs a text or a list`, of a value that is no form's kind. */
function neededByAny(branches: readonly Branch[]): string {
  const needed = branches.flat().flatMap((one) => (one.path.length === 0 ? [neededOf(one)] : []));
  return `needs ${[...new Set(needed.filter((one) => one !== null))].join(" or ")}`;
}
