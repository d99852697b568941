/** The steps of verification, each over what the step before could read. */
import type { RunPlan } from "../plan/run-plan.ts";
import type { VerdictDocument } from "../report-model.ts";
import { canonicalJson } from "./canonical-json.ts";
import { type AsyncDigest, evidenceDomain, toBytes } from "./digest.ts";
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
import { decodeText, differs, type Files, listProblems, type StepResult } from "./verify-step.ts";

function listStrays(files: Files, listed: ReadonlySet<string>): string[] {
  const needed = [evidencePath, planPath, verdictPath].filter((path) => !listed.has(path));
  const strays = [...files.keys()].filter(
    (path) => !listed.has(path) && path !== manifestPath && !isView(path),
  );
  return [
    ...strays.map((path) => `${path} is not listed`),
    ...needed.map((path) => `${path} is not listed in the manifest`),
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
  ];
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

/** The hashed text of a canonical line; data cannot hold the hash of its own record before it. */
function withoutHash(line: string, hash: string): string {
  return line.replace(`"hash":"${hash}",`, "");
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
  const { hash } = record;
  const given = digest(toBytes(evidenceDomain + record.prev + withoutHash(line, hash)));
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
