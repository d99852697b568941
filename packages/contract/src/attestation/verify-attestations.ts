/** Step 6 of verification: who fixed this chain head, as far as known keys can tell. */
import { canonicalJson } from "../evidence/canonical-json.ts";
import { parseJson } from "../evidence/read-record.ts";
import { attestationFiles } from "../evidence/manifest.ts";
import { originUnsigned } from "../evidence/origin.ts";
import { decodeText, differs, type Files, listProblems } from "../evidence/verify-step.ts";
import type { StepResult } from "../evidence/verify-step.ts";
import { isData } from "../fold/read-data.ts";
import type { VerdictDocument } from "../report-model.ts";
import { decodeBase64 } from "./base64.ts";
import { type CheckedSignature, checkEnvelope, type KnownKey, readEnvelope } from "./dsse.ts";
import {
  type Approval,
  makeStatements,
  predicateTypes,
  type Statement,
  statementType,
} from "./statement.ts";

/** More envelopes than this are refused. */
export const envelopesMax = 64;
const envelopeBytesMax = 8 * 1024 * 1024;

export interface SignaturePolicy {
  /** Public keys somebody trusts; a signature by another is unknown, never valid. */
  readonly keys: readonly KnownKey[];
  /** Unsigned is incomplete. */
  readonly requireSignature?: boolean;
  /** Incomplete unless one envelope has a valid Ed25519 and a valid ML-DSA-65 signature. */
  readonly requirePq?: boolean;
}

/** One signature found in the bundle. */
export interface SignatureRow extends CheckedSignature {
  readonly file: string;
  /** What is signed, e.g. `readiness`; absent when it could not be read. */
  readonly says?: string;
  /** Of a sign-off: who is said to have given it, and why; only a valid signature stands for it. */
  readonly approval?: Approval;
}

export interface AttestationResult extends StepResult {
  readonly signatures: readonly SignatureRow[];
  /** A requirement of the policy is not met. */
  readonly isMissing: boolean;
}

/** Keys of each predicate that must be what the evidence gives. */
const comparedKeys: Readonly<Record<string, readonly string[]>> = {
  [predicateTypes.readiness]: ["run", "outcome", "claims", "waivers"],
  [predicateTypes.testResult]: ["result", "passedTests", "warnedTests", "failedTests"],
  [predicateTypes.svr]: ["properties"],
};

type SaidStatement = Pick<Statement, "predicateType" | "predicate"> & {
  readonly subject: unknown;
};

function readStatement(payload: string): SaidStatement | null {
  const bytes = decodeBase64(payload);
  const value = bytes === null ? null : parseJson(decodeText(bytes));
  if (!isData(value) || value["_type"] !== statementType) return null;
  const { subject, predicateType, predicate } = value as Readonly<
    Record<keyof SaidStatement, unknown>
  >;
  if (typeof predicateType !== "string" || !isData(predicate)) return null;
  return { subject, predicateType, predicate };
}

const same = (a: unknown, b: unknown): boolean =>
  canonicalJson(a ?? null) === canonicalJson(b ?? null);

function differsFrom(said: Statement["predicate"], given: Statement["predicate"]): string[] {
  return Object.keys(given).filter((key) => !same(said[key], given[key]));
}

function pick(from: Statement["predicate"], keys: readonly string[]): Statement["predicate"] {
  return Object.fromEntries(keys.map((key) => [key, from[key] ?? null]));
}

function expected(said: SaidStatement, document: VerdictDocument, targetDigest: string) {
  const made = Object.values(makeStatements(document, targetDigest));
  const found = made.find(({ predicateType }) => predicateType === said.predicateType);
  if (found) return pick(found.predicate, comparedKeys[found.predicateType] ?? []);
  const acceptedWaivers = document.waivers?.applied.map(({ claim }) => claim) ?? [];
  return said.predicateType === predicateTypes.approval
    ? { run: document.run, outcome: document.outcome, acceptedWaivers }
    : null;
}

/** Why a statement is not about this bundle; null = it says what the evidence gives. */
function disagrees(said: SaidStatement, document: VerdictDocument, targetDigest: string) {
  const own = makeStatements(document, targetDigest).readiness.subject;
  if (!same(said.subject, own)) return "is about another target, plan or chain head";
  const given = expected(said, document, targetDigest);
  if (given === null) return `is of the unknown type ${said.predicateType}`;
  const keys = differsFrom(said.predicate, given);
  return keys.length === 0 ? null : `says another ${keys.join(", ")} than the evidence`;
}

const approvalKeys = ["by", "role", "reason", "at"] as const;

/** Who signed off, in which role, why and when; null for any other statement. */
function approvalOf({ predicateType, predicate }: SaidStatement): Approval | null {
  if (predicateType !== predicateTypes.approval) return null;
  const [by, role, reason, at] = approvalKeys.map((key) => predicate[key]);
  return [by, role, reason, at].every((one) => typeof one === "string")
    ? { by: String(by), role: String(role), reason: String(reason), at: String(at) }
    : null;
}

interface Seen {
  readonly rows: readonly SignatureRow[];
  readonly problem: string | null;
}

async function checkFile(
  path: string,
  bytes: Uint8Array,
  o: { document: VerdictDocument; targetDigest: string; keys: readonly KnownKey[] },
): Promise<Seen> {
  if (bytes.byteLength > envelopeBytesMax) return { rows: [], problem: `${path} is too large` };
  const envelope = readEnvelope(parseJson(decodeText(bytes)));
  if (!envelope) return { rows: [], problem: `${path} is no signed envelope` };
  const statement = readStatement(envelope.payload);
  if (!statement) return { rows: [], problem: `${path} holds no statement` };
  const says = Object.entries(predicateTypes).find(([, uri]) => uri === statement.predicateType);
  const checked = await checkEnvelope(envelope, o.keys);
  const name = says === undefined ? {} : { says: says[0] };
  const approval = approvalOf(statement);
  const said = { ...name, ...(approval !== null && { approval }) };
  const rows = checked.map((one) => ({ file: path, ...said, ...one }));
  const bad = checked.find(({ state }) => state === "invalid");
  if (bad) return { rows, problem: `${path}: the signature of ${bad.keyId} does not verify` };
  const why = disagrees(statement, o.document, o.targetDigest);
  return { rows, problem: why === null ? null : `${path} ${why}` };
}

function hasBoth(rows: readonly SignatureRow[]): boolean {
  const valid = rows.filter(({ state }) => state === "valid");
  return valid.some(
    (one) =>
      one.algorithm === "ed25519" &&
      valid.some((other) => other.file === one.file && other.algorithm === "ml-dsa-65"),
  );
}

function describe(rows: readonly SignatureRow[]): string {
  const of = (state: SignatureRow["state"]): SignatureRow[] =>
    rows.filter((row) => row.state === state);
  const keys = [...new Set(of("valid").map((r) => `${r.algorithm} ${r.keyId.slice(0, 16)}`))];
  const unchecked = of("not_checked").length;
  const parts = [
    ...(keys.length > 0 ? [`signed by ${keys.sort().join(", ")}`] : []),
    ...(of("unknown").length > 0 ? [`${of("unknown").length} signatures by unknown keys`] : []),
    ...(unchecked > 0 ? [`${unchecked} not checked here: the algorithm is missing`] : []),
  ];
  return `${parts.join("; ")}.`;
}

/** Checks every envelope under `attestations/`; without one the origin is unknown. */
export async function verifyAttestations(
  files: Files,
  o: { document: VerdictDocument; targetDigest: string; policy: SignaturePolicy },
): Promise<AttestationResult> {
  const code = "LL_VERIFY_SIGNATURE";
  const { policy } = o;
  const wants = policy.requireSignature === true || policy.requirePq === true;
  const found = attestationFiles(files);
  if (found.length === 0) {
    return { ok: null, code, message: originUnsigned, signatures: [], isMissing: wants };
  }
  if (found.length > envelopesMax) {
    const message = `More than ${envelopesMax} attestations.`;
    return { ...differs(code, message), signatures: [], isMissing: wants };
  }
  const seen: Seen[] = [];
  for (const [path, bytes] of found) {
    seen.push(await checkFile(path, bytes, { ...o, keys: policy.keys }));
  }
  const signatures = seen.flatMap(({ rows }) => rows);
  const problems = seen.flatMap(({ problem }) => problem ?? []);
  if (problems.length > 0) {
    return { ...differs(code, `${listProblems(problems)}.`), signatures, isMissing: wants };
  }
  const isSigned = signatures.some(({ state }) => state === "valid");
  const lacksPq = policy.requirePq === true && !hasBoth(signatures);
  if (isSigned && !lacksPq) {
    return { ok: true, message: describe(signatures), signatures, isMissing: false };
  }
  const why = isSigned ? " No envelope has both Ed25519 and ML-DSA-65." : " Origin unknown.";
  const message = `${describe(signatures)}${why}`;
  return { ok: null, code, message, signatures, isMissing: wants };
}
