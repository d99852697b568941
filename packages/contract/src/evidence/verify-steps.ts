/** The steps of verification, each over what the step before could read. */
import { planFileText, type RunPlan } from "../plan/run-plan.ts";
import type { VerdictDocument } from "../report-model.ts";
import { isData } from "../fold/read-data.ts";
import { canonicalJson } from "./canonical-json.ts";
import { type AsyncDigest, toBytes } from "./digest.ts";
import {
  artifactFolder,
  evidencePath,
  isAttestation,
  isPlanSource,
  isView,
  type Manifest,
  manifestInput,
  manifestPath,
  manifestText,
  planPath,
  verdictPath,
} from "./manifest.ts";
import type { EvidenceRecord } from "./record.ts";
import { decodeText, differs, type Files, listProblems, type StepResult } from "./verify-step.ts";

function listStrays(files: Files, listed: ReadonlySet<string>): string[] {
  const needed = [evidencePath, planPath, verdictPath].filter((path) => !listed.has(path));
  const strays = [...files.keys()].filter(
    (path) => !listed.has(path) && path !== manifestPath && !isView(path) && !isAttestation(path),
  );
  return [
    ...strays.map((path) => `${path} is not listed`),
    ...needed.map((path) => `${path} is not listed in the manifest`),
  ];
}

const artifactName = /^artifacts\/[0-9a-f]{64}$/;

/**
 * Files a manifest may list though no record names them. Whoever has no key can write a manifest
 * anew, so a listed file is one of the bundle only if the chain or its own name fixes its bytes.
 */
function listUnbound(manifest: Manifest): string[] {
  const own = new Set([evidencePath, planPath, verdictPath]);
  const isBound = ({ path, digest }: Manifest["files"][number]): boolean =>
    own.has(path) ||
    isPlanSource(path) ||
    (artifactName.test(path) && path.slice(artifactFolder.length) === digest);
  const names = manifest.files.filter((file) => !isBound(file)).map(({ path }) => path);
  const twice = manifest.files.length - new Set(manifest.files.map(({ path }) => path)).size;
  return [
    ...names.map((path) => `${path} is no file of a bundle`),
    ...(twice > 0 ? ["the manifest lists a file twice"] : []),
  ];
}

async function listChanged(
  files: Files,
  manifest: Manifest,
  digest: AsyncDigest,
): Promise<string[]> {
  const problems: string[] = [];
  for (const { path, sizeBytes, digest: expected } of manifest.files) {
    const found = files.get(path);
    if (!found) problems.push(`${path} is missing`);
    else if (found.byteLength !== sizeBytes || (await digest(found)) !== expected) {
      problems.push(`${path} changed`);
    }
  }
  return problems;
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
  const { digest: own, ...open } = manifest;
  const isOwn = decodeText(bytes) === manifestText(manifest);
  const isSealed = isOwn && (await digest(manifestInput(open))) === own;
  const problems = [
    ...(isSealed ? [] : ["manifest.json changed"]),
    ...(await listChanged(files, manifest, digest)),
    ...listStrays(files, new Set(manifest.files.map(({ path }) => path))),
    ...listUnbound(manifest),
  ];
  if (problems.length > 0) return differs("LL_VERIFY_FILE", `${listProblems(problems)}.`);
  return { ok: true, message: `${manifest.files.length} files have their size and digest.` };
}

interface PlanInput {
  readonly files: Files;
  readonly plan: RunPlan;
  readonly planDigest: string;
  readonly records: readonly EvidenceRecord[];
  readonly manifest: Manifest | null;
  readonly verdict: VerdictDocument | null;
  readonly digest: AsyncDigest;
}

/** What the first record says of the run; null when it starts none, or one of another plan. */
function startOf(first: EvidenceRecord, planDigest: string): EvidenceRecord["data"] | null {
  return first.kind === "run.started" && first.data["planDigest"] === planDigest
    ? first.data
    : null;
}

/** Whoever has no key can write a manifest anew, but not the first record. */
function isOfTool(manifest: Manifest, start: EvidenceRecord["data"]): boolean {
  const { toolVersion, buildDigest } = manifest;
  return toolVersion === start["toolVersion"] && buildDigest === (start["buildDigest"] ?? "");
}

/** What the run says of its plan file: in its first record, else where it was gone on with. */
function namedSource(records: readonly EvidenceRecord[], start: EvidenceRecord["data"]): unknown {
  const isAgain = ({ kind, by, data }: EvidenceRecord): boolean =>
    kind === "note" && by.id === "run" && isData(data["resumed"]);
  return start["planFile"] ?? records.find(isAgain)?.data["planFile"];
}

/** The plan file as it was given is the one a record names: the chain fixes it too. */
async function checkSource(
  o: PlanInput,
  start: EvidenceRecord["data"],
): Promise<StepResult | null> {
  const code = "LL_VERIFY_PLAN";
  const named = namedSource(o.records, start);
  const found = [...o.files.keys()].filter(isPlanSource);
  const [path] = found;
  if (!isData(named)) {
    if (path === undefined) return null;
    return { ok: null, code, message: `No record says which ${path} the run was given.` };
  }
  const bytes = o.files.get(String(named["name"]));
  if (found.length !== 1 || bytes === undefined) {
    return differs(
      code,
      `The run was given ${String(named["name"])}, the bundle has another file.`,
    );
  }
  if ((await o.digest(bytes)) === named["digest"]) return null;
  return differs(code, `${path} is not the file that the run was given.`);
}

/** Step 3: the plan is the one the chain starts from, and every claim of it has a verdict. */
export async function verifyPlan(o: PlanInput): Promise<StepResult> {
  const [first] = o.records;
  if (!first) {
    const message = "There is no first record to name the plan.";
    return { ok: null, code: "LL_VERIFY_PLAN", message };
  }
  // A second key of one name would show a reader another plan than the one that was judged.
  if (decodeText(o.files.get(planPath) ?? toBytes("")) !== planFileText(o.plan)) {
    return differs("LL_VERIFY_PLAN", "plan.json is not in canonical form.");
  }
  const start = startOf(first, o.planDigest);
  if (first.prev !== o.planDigest || start === null) {
    return differs("LL_VERIFY_PLAN", "The first record was made for another plan.");
  }
  if (o.manifest && o.manifest.planDigest !== o.planDigest) {
    return differs("LL_VERIFY_PLAN", "The manifest names another plan.");
  }
  if (o.manifest && !isOfTool(o.manifest, start)) {
    return differs("LL_VERIFY_PLAN", "The manifest names another build of the tool.");
  }
  const judged = new Set(o.verdict?.claims.map(({ id }) => id));
  const missing = o.plan.claims.filter(({ id }) => o.verdict !== null && !judged.has(id));
  if (missing.length > 0) {
    const names = listProblems(missing.map(({ id }) => id));
    return differs("LL_VERIFY_PLAN", `Claims of the plan without a verdict: ${names}.`);
  }
  const message = `The chain starts from this plan of ${o.plan.claims.length} claims.`;
  return (await checkSource(o, start)) ?? { ok: true, message };
}

/** Recomputes figures of a record from the artifact it rests on; null = not of its kind. */
export type Extractor = (
  record: EvidenceRecord,
  artifact: Uint8Array,
) => Readonly<Record<string, unknown>> | null;

/** Keys of a record whose values the artifact gives differently; null: no extractor reads it. */
function compareFigures(
  record: EvidenceRecord,
  bytes: Uint8Array,
  extractors: readonly Extractor[],
): string[] | null {
  const made = extractors.map((extract) => extract(record, bytes)).filter((f) => f !== null);
  if (made.length === 0) return null;
  return made
    .flatMap((figures) => Object.entries(figures))
    .filter(([key, v]) => canonicalJson(v ?? null) !== canonicalJson(record.data[key] ?? null))
    .map(([key]) => `record ${record.seq} says another ${key} than its artifact`);
}

/** Step 4: every artifact a record rests on exists, has its digest and gives the figures. */
export async function verifyArtifacts(
  files: Files,
  records: readonly EvidenceRecord[],
  o: { digest: AsyncDigest; extractors: readonly Extractor[] },
): Promise<StepResult> {
  const problems: string[] = [];
  const intact = new Map<string, boolean>();
  let recomputed = 0;
  for (const record of records) {
    if (record.refs.length === 0) continue;
    for (const ref of record.refs) {
      const bytes = files.get(artifactFolder + ref);
      if (!intact.has(ref)) intact.set(ref, bytes !== undefined && (await o.digest(bytes)) === ref);
      if (!bytes || intact.get(ref) !== true) {
        problems.push(`record ${record.seq} rests on ${ref}, which is missing or changed`);
        continue;
      }
      const found = compareFigures(record, bytes, o.extractors);
      recomputed += found === null ? 0 : 1;
      problems.push(...(found ?? []));
    }
  }
  if (problems.length > 0) return differs("LL_VERIFY_ARTIFACT", `${listProblems(problems)}.`);
  const message = `${intact.size} artifacts exist; ${recomputed} records recomputed from them.`;
  return { ok: true, message };
}
