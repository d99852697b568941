import { readFile } from "node:fs/promises";
import type { Problem, RunPlan } from "@loadline/contract";
import { isMap, isScalar, LineCounter, parseDocument, type Document } from "yaml";
import { z } from "zod";
import { validatorErrors } from "../errors.ts";
import { buildPlan } from "./build-plan.ts";
import { planFileSchema, type PlanFile } from "./manifest.ts";
import { nearest } from "./nearest.ts";

/** A problem with the line it is on, 1-based. */
export type PlanProblem = Problem & { readonly line: number };

export type PlanFileResult =
  | { readonly ok: true; readonly file: PlanFile; readonly plan: RunPlan }
  | { readonly ok: false; readonly problems: readonly PlanProblem[] };

function keysAt(path: readonly PropertyKey[]): string[] {
  let schema: unknown = planFileSchema;
  for (const part of path) {
    while (schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault) {
      schema = schema.unwrap();
    }
    schema = schema instanceof z.ZodObject ? schema.shape[String(part)] : undefined;
  }
  while (schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault)
    schema = schema.unwrap();
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** Line of the key at `path`, else of its nearest parent that exists. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth > 0; depth--) {
    const parent = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    if (!isMap(parent)) continue;
    const pair = parent.items.find(
      ({ key }) => isScalar(key) && key.value === String(path[depth - 1]),
    );
    if (pair !== undefined && isScalar(pair.key) && pair.key.range) {
      return lines.linePos(pair.key.range[0]).line;
    }
  }
  return 1;
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.map(String).join(".");
  if (issue.code !== "unrecognized_keys") {
    return [{ code: "LL_PLAN_SHAPE", path, message: issue.message }];
  }
  return issue.keys.map((key) => {
    const best = nearest(key, keysAt(issue.path));
    const hint = best === null ? "" : ` Did you mean "${best}"?`;
    const at = path === "" ? key : `${path}.${key}`;
    return { code: "LL_PLAN_KEY", path: at, message: `unknown key.${hint}` };
  });
}

/** Reads the text of a plan file: all problems at once, each with its line; sends nothing. */
export function parsePlanFile(text: string): PlanFileResult {
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
  const value: unknown = document.toJS();
  const parsed = planFileSchema.safeParse(value);
  if (parsed.success) return { ok: true, file: parsed.data, plan: buildPlan(parsed.data) };
  const problems = parsed.error.issues
    .flatMap(problemsOf)
    .map((problem) => ({ ...problem, line: lineOf(document, lines, problem.path.split(".")) }));
  return { ok: false, problems };
}

/** Reads a plan file. @throws LL_PLAN_FILE unreadable, LL_PLAN_INVALID with every problem. */
export async function loadPlanFile(
  path: string,
): Promise<{ plan: RunPlan; text: string; file: PlanFile }> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw validatorErrors.make("LL_PLAN_FILE", `${path}: ${why}.`, { cause });
  });
  const result = parsePlanFile(text);
  if (result.ok) return { plan: result.plan, text, file: result.file };
  const lines = result.problems.map(
    (p) => `${p.code} ${p.path || "plan"}: ${p.message} (${path}:${p.line})`,
  );
  throw validatorErrors.make("LL_PLAN_INVALID", lines.join("\n"));
}
