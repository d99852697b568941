import { fold } from "../fold.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import type { VerdictDocument } from "../report-model.ts";
import { canonicalJson } from "./canonical-json.ts";
import { toBytes } from "./digest.ts";
import { verdictPath } from "./manifest.ts";
import type { EvidenceRecord } from "./record.ts";
import { findRoleProblem } from "./role.ts";
import { decodeText, differs, type Files, listProblems, type StepResult } from "./verify-step.ts";
import type { LookAtViews } from "./verify-views.ts";

/** Names of claims and fields in which two documents differ. */
function findDifferences(stored: VerdictDocument, made: VerdictDocument): string[] {
  const found: string[] = [];
  const storedById = new Map(stored.claims.map((claim) => [claim.id, claim]));
  for (const claim of made.claims) {
    const other: object = storedById.get(claim.id) ?? {};
    const theirs = new Map<string, unknown>(Object.entries(other));
    for (const key of new Set([...theirs.keys(), ...Object.keys(claim)])) {
      const ours: unknown = Object.entries(claim).find(([name]) => name === key)?.[1];
      if (canonicalJson(theirs.get(key) ?? null) !== canonicalJson(ours ?? null)) {
        found.push(`${claim.id}: ${key}`);
      }
    }
  }
  const frame = new Map<string, unknown>(Object.entries(stored));
  for (const [key, value] of Object.entries(made)) {
    if (key === "claims") continue;
    if (canonicalJson(frame.get(key) ?? null) !== canonicalJson(value)) found.push(key);
  }
  return found;
}

export interface VerdictResult extends StepResult {
  readonly recomputed: VerdictDocument;
}

/** Step 5: folds again, compares every field, and looks at the views. */
export function verifyVerdict(o: {
  files: Files;
  plan: RunPlan;
  planText: string;
  planDigest: string;
  records: readonly EvidenceRecord[];
  chainHead: string;
  stored: VerdictDocument | null;
  lookAtViews: LookAtViews;
}): VerdictResult {
  const { plan, planDigest, records, chainHead, stored } = o;
  const recomputed = fold(plan, records, { chainHead, planDigest, now: stored?.endedAt ?? "" });
  const code = "LL_VERIFY_VERDICT";
  if (!stored) return { ok: null, code, message: "There is no readable verdict.json.", recomputed };
  const { foldVersion } = recomputed;
  if (stored.foldVersion !== foldVersion) {
    const message = `The verdict was made by fold ${stored.foldVersion}; this tool has ${foldVersion} for its plan.`;
    return { ok: null, code, message, recomputed };
  }
  const problems = findDifferences(stored, recomputed).map((name) => `${name} differs`);
  const { planText } = o;
  const views = o.lookAtViews(o.files, { plan, planText, records, verdict: recomputed });
  for (const path of views.edited) problems.push(`${path} was edited`);
  const text = decodeText(o.files.get(verdictPath) ?? toBytes(""));
  if (text !== `${canonicalJson(stored)}\n`) problems.push("verdict.json is not in canonical form");
  if (problems.length === 0 && canonicalJson(stored) !== canonicalJson(recomputed)) {
    problems.push("verdict.json has more than the evidence gives");
  }
  if (problems.length > 0) {
    const wrong = findRoleProblem(plan.claims, records);
    if (wrong === null) return { ...differs(code, `${listProblems(problems)}.`), recomputed };
    const why = `Record ${wrong.seq}: ${wrong.sentence} ${listProblems(problems)}.`;
    return { ...differs("LL_EVIDENCE_ROLE", why), recomputed };
  }
  if (views.doubtful.length > 0) {
    const message = `Not what this build renders, and another build made the run: ${listProblems(views.doubtful)}. \`report\` renders them again.`;
    return { ok: null, code, message, recomputed };
  }
  const left = [
    ...views.foreign.map((path) => ` ${path} is of another build and was not compared.`),
    ...views.unknown.map((path) => ` ${path} cannot be rendered here and was not compared.`),
  ];
  const message = `${recomputed.claims.length} verdicts and the outcome are equal.${left.join("")}`;
  return { ok: true, message, recomputed };
}
