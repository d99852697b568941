import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Claim, RunPlan } from "@loadline/contract";
import { validatorErrors } from "../errors.ts";
import { loadedProblems } from "../service-load/loaded.ts";
import { buildPlan, ownClaimsOf } from "./build-plan.ts";
import { gatesOfPlan } from "./gates.ts";
import { planFileSchema, type PlanFile } from "./manifest.ts";
import { loadSloClaims } from "./slo-claims.ts";
import { parseYaml, type PlanProblem } from "./yaml-problems.ts";

export type PlanFileResult =
  | { readonly ok: true; readonly file: PlanFile; readonly plan: RunPlan }
  | { readonly ok: false; readonly problems: readonly PlanProblem[] };

/** `claims[2].of` as the steps to it. */
function stepsOf(path: string): string[] {
  return path.split(/[.[\]]+/).filter((step) => step !== "");
}

/**
 * Reads the text of a plan file: all problems at once, each with its line; sends nothing. `profile`
 * goes before that of the file; `sloClaims` gives the claims of the file that its key `slo` names.
 */
export function parsePlanFile(
  text: string,
  profile?: PlanFile["profile"],
  sloClaims?: (path: string, confidence: number) => readonly Claim[],
): PlanFileResult {
  const parsed = parseYaml(text, planFileSchema);
  if (!parsed.ok) return parsed;
  const file = { ...parsed.data, ...(profile === undefined ? {} : { profile }) };
  if (file.slo !== undefined && sloClaims === undefined) {
    const message = "objectives are in a file beside the plan, and this plan has no folder";
    const line = parsed.lineAt(["slo"]);
    return { ok: false, problems: [{ code: "LL_PLAN_SHAPE", path: "slo", message, line }] };
  }
  // Another profile than the file's loads other services.
  const [hidden] = profile === undefined ? [] : loadedProblems(file);
  if (hidden !== undefined) {
    const { path, message } = hidden;
    const line = parsed.lineAt(path);
    const found = { code: "LL_PLAN_SHAPE", path: path.join("."), message, line };
    return { ok: false, problems: [found] };
  }
  const objectives = file.slo === undefined ? [] : (sloClaims?.(file.slo, file.confidence) ?? []);
  const problems = [...ownClaimsOf(file, objectives).problems, ...gatesOfPlan(file.gates).problems];
  if (problems.length === 0) return { ok: true, file, plan: buildPlan(file, objectives) };
  const located = problems.map((p) => ({ ...p, line: parsed.lineAt(stepsOf(p.path)) }));
  return { ok: false, problems: located };
}

/** Reads a plan file; `profile` goes before that of the file. @throws LL_PLAN_FILE unreadable, LL_PLAN_INVALID with every problem. */
export async function loadPlanFile(
  path: string,
  profile?: PlanFile["profile"],
): Promise<{ plan: RunPlan; text: string; file: PlanFile }> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw validatorErrors.make("LL_PLAN_FILE", `${path}: ${why}.`, { cause });
  });
  const ofFolder = (name: string, confidence: number): readonly Claim[] =>
    loadSloClaims(resolve(dirname(path), name), confidence);
  const result = parsePlanFile(text, profile, ofFolder);
  if (result.ok) return { plan: result.plan, text, file: result.file };
  const lines = result.problems.map(
    (p) => `${p.code} ${p.path || "plan"}: ${p.message} (${path}:${p.line})`,
  );
  throw validatorErrors.make("LL_PLAN_INVALID", lines.join("\n"));
}
