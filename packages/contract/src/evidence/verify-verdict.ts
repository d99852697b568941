import { fold } from "../fold.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { buildReportModel } from "../report-build.ts";
import type { ReportModel, VerdictDocument } from "../report-model.ts";
import { canonicalJson } from "./canonical-json.ts";
import { toBytes } from "./digest.ts";
import { isView, verdictPath } from "./manifest.ts";
import type { EvidenceRecord } from "./record.ts";
import { findRoleProblem } from "./role.ts";
import { decodeText, differs, type Files, listProblems, type StepResult } from "./verify-step.ts";

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

/** Renders a view again, by its file name in the bundle. */
export type Renderers = Readonly<Record<string, (model: ReportModel) => string>>;

/** Whether a view was rendered by this very build, whose bytes can be made again. */
export type IsOwnView = (path: string, text: string) => boolean;

interface Views {
  /** Render differently from the bundle's evidence. */
  readonly edited: readonly string[];
  /** Render differently, and another build rendered them: edited, or merely rendered otherwise. */
  readonly doubtful: readonly string[];
  /** Of another page: it cannot be made again here. */
  readonly foreign: readonly string[];
  /** Have no renderer here. */
  readonly unknown: readonly string[];
}

function compareViews(
  files: Files,
  model: () => ReportModel,
  o: { renderers: Renderers; isOwnView: IsOwnView; isOwnBuild: boolean },
): Views {
  const edited: string[] = [];
  const doubtful: string[] = [];
  const foreign: string[] = [];
  const made = lazily(model);
  for (const [path, render] of Object.entries(o.renderers)) {
    const bytes = files.get(path);
    if (!bytes) continue;
    const expected = toBytes(render(made()));
    const isEqual =
      bytes.byteLength === expected.byteLength &&
      bytes.every((byte, index) => byte === expected[index]);
    if (isEqual) continue;
    if (!o.isOwnView(path, decodeText(bytes))) foreign.push(path);
    else (o.isOwnBuild ? edited : doubtful).push(path);
  }
  const unknown = [...files.keys()].filter((path) => isView(path) && !(path in o.renderers));
  return { edited, doubtful, foreign, unknown: unknown.sort() };
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

export interface VerdictResult extends StepResult {
  readonly recomputed: VerdictDocument;
}

/** Step 5: folds again, compares every field, and renders the views again. */
export function verifyVerdict(o: {
  files: Files;
  plan: RunPlan;
  planText: string;
  planDigest: string;
  records: readonly EvidenceRecord[];
  chainHead: string;
  stored: VerdictDocument | null;
  renderers: Renderers;
  isOwnView: IsOwnView;
  isOwnBuild: boolean;
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
  const model = (): ReportModel =>
    buildReportModel({ plan, planText: o.planText, records, verdict: recomputed });
  const views = compareViews(o.files, model, o);
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
