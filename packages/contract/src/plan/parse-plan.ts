import type { z } from "zod";
import type { Problem } from "../claim.ts";
import type { ContractCode } from "../errors.ts";
import { findNearest } from "./nearest.ts";
import { claimKeys, planKeys, planSchema } from "./plan-schema.ts";
import { readClaims } from "./read-claims.ts";
import type { RunPlan } from "./run-plan.ts";

export type ParsedPlan =
  | { readonly ok: true; readonly plan: RunPlan }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface ParsePlanOptions {
  /** Streams the stages produce; a claim `of` another is refused. Absent: not checked. */
  readonly streams?: readonly string[];
}

function problem(code: ContractCode, path: string, message: string): Problem {
  return { code, path, message };
}

function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "");
}

function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  if (path.length === 0) return planKeys;
  if (path[0] === "claims") return claimKeys;
  return ["name", "baseUrl"];
}

/** One problem per wrong key or value, with the nearest known name. */
function explainIssue(issue: z.core.$ZodIssue): Problem[] {
  const path = pathOf(issue.path);
  if (issue.code !== "unrecognized_keys") return [problem("LL_PLAN_SHAPE", path, issue.message)];
  return issue.keys.map((key) => {
    const nearest = findNearest(key, knownKeys(issue.path));
    const hint = nearest === null ? "" : ` Did you mean ${nearest}?`;
    const full = path === "" ? key : `${path}.${key}`;
    return problem("LL_PLAN_KEY", full, `There is no key ${key}.${hint}`);
  });
}

/** Reads a plan, as parsed from YAML or JSON. Returns every problem found; never throws. */
export function parsePlan(value: unknown, o: ParsePlanOptions = {}): ParsedPlan {
  const read = planSchema.safeParse(value);
  if (!read.success) return { ok: false, problems: read.error.issues.flatMap(explainIssue) };
  const { target, claims: inputs, confidence, maxAgeMs, retries, ...rest } = read.data;
  const { streams } = o;
  const found = readClaims(inputs, {
    confidence,
    ...(streams !== undefined && { streams: streams.map((stream) => ({ stream })) }),
  });
  const problems = [...found.problems];
  if (inputs.length === 0) {
    problems.push(problem("LL_PLAN_EMPTY_CLAIM", "claims", "The plan promises nothing."));
  }
  if (problems.length > 0) return { ok: false, problems };
  const named = { name: target.name ?? target.baseUrl, baseUrl: target.baseUrl };
  return {
    ok: true,
    plan: {
      ...rest,
      schema: "loadline-plan/v1",
      target: named,
      confidence,
      ...(maxAgeMs !== undefined && { maxAgeMs }),
      ...(retries !== undefined && { retries }),
      claims: found.claims,
    },
  };
}
