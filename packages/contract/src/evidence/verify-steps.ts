/** The steps of verification, each over what the step before could read. */
import type { ContractCode } from "../errors.ts";
import { fold, foldVersion } from "../fold.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { buildReportModel } from "../report-build.ts";
import type { ReportModel, VerdictDocument } from "../report-model.ts";
import { canonicalJson } from "./canonical-json.ts";
import { hashInput } from "./chain.ts";
import { type AsyncDigest, toBytes } from "./digest.ts";
import {
  artifactFolder,
  evidencePath,
  isView,
  type Manifest,
  manifestInput,
  manifestPath,
  manifestText,
  planPath,
  verdictPath,
} from "./manifest.ts";
import type { EvidenceRecord } from "./record.ts";
import { parseJson, readRecord } from "./read-record.ts";

export type Files = ReadonlyMap<string, Uint8Array>;

/** ok null = incomplete or not checked; never counted as good. */
export interface StepResult {
  readonly ok: boolean | null;
  readonly code?: ContractCode;
  readonly message: string;
}

export const decodeText = (bytes: Uint8Array): string =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

function differs(code: ContractCode, message: string): StepResult {
  return { ok: false, code, message };
}

function listProblems(problems: readonly string[]): string {
  const shown = problems.slice(0, 5).join("; ");
  return problems.length > 5 ? `${shown}; ${problems.length - 5} more` : shown;
}

/** Step 1: size and digest of every listed file, nothing unlisted but views. */
export async function verifyFiles(
  files: Files,
  manifest: Manifest | null,
  digest: AsyncDigest,
): Promise<StepResult> {
  const bytes = files.get(manifestPath);
  if (!bytes) {
    const message = "manifest.json is missing: the bundle was never closed.";
    return { ok: null, code: "LL_VERIFY_FILE", message };
  }
  if (!manifest) return differs("LL_VERIFY_FILE", "manifest.json is not a manifest.");
  const problems: string[] = [];
  const { digest: own, ...open } = manifest;
  const isOwn = decodeText(bytes) === manifestText(manifest);
  if (!isOwn || (await digest(manifestInput(open))) !== own) problems.push("manifest.json changed");
  const listed = new Map(manifest.files.map((file) => [file.path, file]));
  for (const file of manifest.files) {
    const found = files.get(file.path);
    if (!found) problems.push(`${file.path} is missing`);
    else if (found.byteLength !== file.sizeBytes || (await digest(found)) !== file.digest) {
      problems.push(`${file.path} changed`);
    }
  }
  for (const path of files.keys()) {
    if (!listed.has(path) && path !== manifestPath && !isView(path)) {
      problems.push(`${path} is not listed`);
    }
  }
  for (const path of [evidencePath, planPath, verdictPath]) {
    if (!listed.has(path)) problems.push(`${path} is not listed in the manifest`);
  }
  if (problems.length > 0) return differs("LL_VERIFY_FILE", `${listProblems(problems)}.`);
  return { ok: true, message: `${manifest.files.length} files have their size and digest.` };
}

export interface ChainResult extends StepResult {
  /** Records up to the first bad one. */
  readonly records: readonly EvidenceRecord[];
  /** 0-based position of the first bad record. */
  readonly firstBadRecord?: number;
  readonly head: string;
}

interface Walk {
  readonly records: EvidenceRecord[];
  prev: string;
}

/** Null when the line continues the chain, else what is wrong with it. */
async function checkLine(walk: Walk, line: string, digest: AsyncDigest): Promise<string | null> {
  const record = readRecord(parseJson(line));
  if (!record) return "is not an evidence record";
  const before = walk.records.at(-1);
  if (record.seq !== walk.records.length) return `has seq ${record.seq}`;
  if (record.prev !== walk.prev) return "does not continue the record before it";
  if (before && record.run !== before.run) return "belongs to another run";
  if (before && record.mono < before.mono) return "goes back in time";
  if (before?.kind === "run.closed") return "follows the closing record";
  const { hash, ...open } = record;
  const input = hashInput(open);
  const given = digest(input);
  if ((typeof given === "string" ? given : await given) !== hash) return "does not have its hash";
  if (canonicalJson(record) !== line) return "is not in canonical form";
  walk.records.push(record);
  walk.prev = hash;
  return null;
}

function chainEnd(walk: Walk, manifest: Manifest | null, isTorn: boolean): StepResult {
  const { records } = walk;
  if (isTorn) {
    const message = `The last line, record ${records.length}, is torn: the run broke off.`;
    return { ok: null, code: "LL_VERIFY_CHAIN", message };
  }
  if (manifest && manifest.recordCount !== records.length) {
    const message = `${records.length} records of ${manifest.recordCount}.`;
    return differs("LL_VERIFY_CHAIN", message);
  }
  if (manifest && manifest.chainHead !== walk.prev) {
    return differs("LL_VERIFY_CHAIN", "The chain head is not the one of the manifest.");
  }
  if (manifest && records[0] && manifest.run !== records[0].run) {
    return differs("LL_VERIFY_CHAIN", "The run id is not the one of the manifest.");
  }
  if (records.at(-1)?.kind !== "run.closed") {
    const message = `The chain of ${records.length} records has no closing record.`;
    return { ok: null, code: "LL_VERIFY_CHAIN", message };
  }
  return { ok: true, message: `${records.length} records, each hash and link as recorded.` };
}

/** Step 2: seq, prev, hash, run id, time, count and head; names the first bad record. */
export async function verifyChain(
  bytes: Uint8Array,
  manifest: Manifest | null,
  o: { planDigest: string; digest: AsyncDigest },
): Promise<ChainResult> {
  const lines = decodeText(bytes).split("\n");
  const rest = lines.pop() ?? "";
  const first = readRecord(parseJson(lines[0] ?? ""));
  const walk: Walk = { records: [], prev: first?.prev ?? o.planDigest };
  for (const [index, line] of lines.entries()) {
    const wrong = await checkLine(walk, line, o.digest);
    if (wrong !== null) {
      const message = `Record ${index} ${wrong}.`;
      const bad = differs("LL_VERIFY_CHAIN", message);
      return { ...bad, records: walk.records, firstBadRecord: index, head: walk.prev };
    }
  }
  const end = chainEnd(walk, manifest, rest !== "");
  const at = end.ok === true ? {} : { firstBadRecord: walk.records.length };
  return { ...end, ...at, records: walk.records, head: walk.prev };
}

/** Step 3: the plan is the one the chain starts from, and every claim of it has a verdict. */
export function verifyPlan(o: {
  plan: RunPlan;
  planDigest: string;
  records: readonly EvidenceRecord[];
  manifest: Manifest | null;
  verdict: VerdictDocument | null;
}): StepResult {
  const first = o.records[0];
  if (!first) {
    const message = "There is no first record to name the plan.";
    return { ok: null, code: "LL_VERIFY_PLAN", message };
  }
  if (first.prev !== o.planDigest) {
    return differs("LL_VERIFY_PLAN", "The first record was made for another plan.");
  }
  if (o.manifest && o.manifest.planDigest !== o.planDigest) {
    return differs("LL_VERIFY_PLAN", "The manifest names another plan.");
  }
  const judged = new Set(o.verdict?.claims.map(({ id }) => id));
  const missing = o.plan.claims.filter(({ id }) => o.verdict !== null && !judged.has(id));
  if (missing.length > 0) {
    const names = listProblems(missing.map(({ id }) => id));
    return differs("LL_VERIFY_PLAN", `Claims of the plan without a verdict: ${names}.`);
  }
  return {
    ok: true,
    message: `The chain starts from this plan of ${o.plan.claims.length} claims.`,
  };
}

/** Recomputes figures of a record from the artifact it rests on; null = not of its kind. */
export type Extractor = (
  record: EvidenceRecord,
  artifact: Uint8Array,
) => Readonly<Record<string, unknown>> | null;

/** Step 4: every artifact a record rests on exists, has its digest and gives the figures. */
export async function verifyArtifacts(
  files: Files,
  records: readonly EvidenceRecord[],
  o: { digest: AsyncDigest; extractors: readonly Extractor[] },
): Promise<StepResult> {
  const problems: string[] = [];
  const known = new Map<string, boolean>();
  let recomputed = 0;
  for (const record of records) {
    for (const ref of record.refs) {
      const bytes = files.get(artifactFolder + ref);
      if (!known.has(ref)) known.set(ref, bytes !== undefined && (await o.digest(bytes)) === ref);
      if (!bytes || known.get(ref) !== true) {
        problems.push(`record ${record.seq} rests on ${ref}, which is missing or changed`);
        continue;
      }
      for (const extract of o.extractors) {
        const figures = extract(record, bytes);
        if (!figures) continue;
        recomputed++;
        for (const [key, value] of Object.entries(figures)) {
          if (canonicalJson(value ?? null) === canonicalJson(record.data[key] ?? null)) continue;
          problems.push(`record ${record.seq} says another ${key} than its artifact`);
        }
      }
    }
  }
  if (problems.length > 0) return differs("LL_VERIFY_ARTIFACT", `${listProblems(problems)}.`);
  const message = `${known.size} artifacts exist; ${recomputed} records recomputed from them.`;
  return { ok: true, message };
}

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

export type Renderers = Readonly<Record<string, (model: ReportModel) => string>>;

/** Views present in the bundle that render differently from its evidence. */
function findEditedViews(files: Files, model: () => ReportModel, renderers: Renderers): string[] {
  const present = Object.entries(renderers).filter(([path]) => files.has(path));
  if (present.length === 0) return [];
  const made = model();
  return present
    .filter(([path, render]) => {
      const bytes = files.get(path);
      const expected = toBytes(render(made));
      if (!bytes || bytes.byteLength !== expected.byteLength) return true;
      return bytes.some((byte, index) => byte !== expected[index]);
    })
    .map(([path]) => path);
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
}): VerdictResult {
  const { plan, planDigest, records, chainHead, stored } = o;
  const recomputed = fold(plan, records, { chainHead, planDigest, now: stored?.endedAt ?? "" });
  const code = "LL_VERIFY_VERDICT";
  if (!stored) return { ok: null, code, message: "There is no readable verdict.json.", recomputed };
  if (stored.foldVersion !== foldVersion) {
    const message = `The verdict was made by fold ${stored.foldVersion}; this tool has ${foldVersion}.`;
    return { ok: null, code, message, recomputed };
  }
  const problems = findDifferences(stored, recomputed).map((name) => `${name} differs`);
  const model = (): ReportModel =>
    buildReportModel({ plan, planText: o.planText, records, verdict: recomputed });
  for (const path of findEditedViews(o.files, model, o.renderers)) {
    problems.push(`${path} was edited`);
  }
  if (problems.length === 0 && canonicalJson(stored) !== canonicalJson(recomputed)) {
    problems.push("verdict.json has more than the evidence gives");
  }
  if (problems.length > 0) return { ...differs(code, `${listProblems(problems)}.`), recomputed };
  const message = `${recomputed.claims.length} verdicts and the outcome are equal.`;
  return { ok: true, message, recomputed };
}
