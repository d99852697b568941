/** Structural checks of stored documents, without a schema library: null = not of that shape. */
import { parseGates } from "../gates.ts";
import { useNames } from "../scorecard.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import type { VerdictDocument } from "../report-model.ts";
import { canonicalJson } from "./canonical-json.ts";
import { isCount, isData, isFiniteNumber, isTextList } from "../fold/read-data.ts";
import type { EvidenceRecord } from "./record.ts";

const provenances: ReadonlySet<unknown> = new Set(["measured", "derived", "declared", "imported"]);
const sha256 = /^[0-9a-f]{64}$/;

export function isDigest(value: unknown): value is string {
  return typeof value === "string" && sha256.test(value);
}

function isTextAll(values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === "string");
}

const isText = (value: unknown): value is string => typeof value === "string";

function isOrigin(value: unknown): boolean {
  return (
    isData(value) && isText(value["id"]) && isText(value["version"]) && isText(value["digest"])
  );
}

function hasTexts(r: Readonly<Record<keyof EvidenceRecord, unknown>>): boolean {
  if (!isText(r.run) || !isText(r.at) || !isText(r.kind)) return false;
  return isText(r.target) && isText(r.prev) && isText(r.hash);
}

function hasLists(r: Readonly<Record<keyof EvidenceRecord, unknown>>): boolean {
  if (!isTextList(r.claims) || !isTextList(r.refs)) return false;
  return isTextList(r.proves) && isTextList(r.doesNotProve);
}

/** One parsed line of `evidence.jsonl`. A log has up to a million: nothing is made for the look. */
export function readRecord(value: unknown): EvidenceRecord | null {
  if (!isData(value)) return null;
  const r = value as Readonly<Record<keyof EvidenceRecord, unknown>>;
  if (r.v !== 1 || !isCount(r.seq) || !isFiniteNumber(r.mono)) return null;
  if (!hasTexts(r) || !hasLists(r) || !isOrigin(r.by)) return null;
  if (!isData(r.data) || !provenances.has(r.provenance)) return null;
  return value as unknown as EvidenceRecord;
}

/** A confidence below what a plan may ask for would let anything pass. */
function isConfidence(value: unknown): boolean {
  return isFiniteNumber(value) && value >= 0.9 && value <= 0.999;
}

function isAbsentOr(value: unknown, holds: (value: number) => boolean): boolean {
  return value === undefined || (isFiniteNumber(value) && holds(value));
}

/** Whether no claim stands twice: the second would hide behind the first. */
function haveOwnIds(claims: readonly unknown[]): boolean {
  const ids = claims.map((claim) => (isData(claim) ? claim["id"] : undefined));
  return new Set(ids).size === ids.length;
}

function isClaim(value: unknown): boolean {
  if (!isData(value)) return false;
  if (!isTextAll([value["id"], value["statement"], value["kind"], value["of"]])) return false;
  if (!isTextList(value["parts"]) || !isConfidence(value["confidence"])) return false;
  if (!isAbsentOr(value["target"], (n) => n >= 0 && n <= 1)) return false;
  if (!isAbsentOr(value["min"], (n) => Number.isInteger(n) && n >= 1)) return false;
  if (!isAbsentOr(value["limit"], () => true)) return false;
  const { unit, items, mode } = value as Readonly<Record<"unit" | "items" | "mode", unknown>>;
  if (mode !== undefined && mode !== "sequential") return false;
  if (unit !== undefined && typeof unit !== "string") return false;
  if (items !== undefined && !isTextList(items)) return false;
  return typeof value["required"] === "boolean" && typeof value["category"] === "string";
}

function hasKnownUse(use: unknown): boolean {
  return use === undefined || useNames.some((name) => name === use);
}

/** A stored gate has its ratios as numbers. */
function hasGates(gates: unknown): boolean {
  if (gates === undefined) return true;
  const parsed = parseGates({ gates });
  return parsed.ok && canonicalJson(parsed.gates) === canonicalJson(gates);
}

const retriesMax = 2;
const ageMaxMs = 30 * 86_400_000;

/**
 * A parsed `plan.json`. Its meaning was checked by `parsePlan` before the run; what would let a
 * claim pass without proof is refused here too.
 */
export function readPlan(value: unknown): RunPlan | null {
  if (!isData(value)) return null;
  const p = value as Readonly<Record<keyof RunPlan, unknown>>;
  if (p.schema !== "loadline-plan/v1" || typeof p.profile !== "string") return null;
  if (!isData(p.target) || !isTextAll([p.target["name"], p.target["baseUrl"]])) return null;
  if (!Array.isArray(p.claims) || !p.claims.every(isClaim) || !isData(p.stages)) return null;
  if (!isCount(p.maxWaived) || !haveOwnIds(p.claims)) return null;
  if (!isAbsentOr(p.retries, (n) => isCount(n) && n <= retriesMax)) return null;
  if (!isAbsentOr(p.maxAgeMs, (ms) => ms > 0 && ms <= ageMaxMs)) return null;
  if (!hasKnownUse(p.use) || !hasGates(p.gates)) return null;
  return value as unknown as RunPlan;
}

/** A parsed `verdict.json`; only its frame is checked, the rest is compared with the fold. */
export function readVerdict(value: unknown): VerdictDocument | null {
  if (!isData(value)) return null;
  const d = value as Readonly<Record<keyof VerdictDocument, unknown>>;
  if (d.schema !== "loadline-verdict/v1" || !isTextAll([d.run, d.outcome, d.foldVersion])) {
    return null;
  }
  if (!Array.isArray(d.claims) || !d.claims.every((c) => isData(c) && "id" in c)) return null;
  return value as unknown as VerdictDocument;
}

/** Escapes of surrogates and huge exponents may stand for values without a canonical form. */
const suspicious = /\\u[dD]|[eE]\+?\d{3}/;

/**
 * JSON text to a value; undefined = not JSON, or without a canonical form. `isCanonical` when that
 * is known already.
 */
export function parseJson(text: string, isCanonical = false): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (!isCanonical && suspicious.test(text)) canonicalJson(value);
    return value;
  } catch {
    return undefined;
  }
}
