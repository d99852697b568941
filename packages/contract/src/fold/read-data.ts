/** Reads `data` of records without a schema library; null = malformed. */
import { claimKinds } from "../claim.ts";
import type {
  BoundValue,
  EvidenceRecord,
  GuardObservation,
  PredicateObservation,
  SampleTally,
} from "../evidence/record.ts";
import { isReasonOf } from "./join.ts";

export type Data = Readonly<Record<string, unknown>>;

export function isData(value: unknown): value is Data {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

export function isFiniteNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

export function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isSlice(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every(isCount);
}

function optionalNumber(value: unknown): boolean {
  return value === undefined || isFiniteNumber(value);
}

/** A tally whose totals do not add up is malformed: totals come from rows. */
function tallyAddsUp(n: number, bad: number, open: number, rows: SampleTally["slices"]): boolean {
  if (bad + open > n) return false;
  if (rows.some(([count, worse]) => worse > count)) return false;
  if (rows.length === 0) return true;
  const due = rows.reduce((sum, [count]) => sum + count, 0);
  return due === n && rows.reduce((sum, [, worse]) => sum + worse, 0) === bad;
}

function readBadBy(value: unknown): Readonly<Record<string, number>> | null {
  if (value === undefined) return {};
  if (!isData(value)) return null;
  const entries: [string, number][] = [];
  for (const [key, count] of Object.entries(value)) {
    if (!isCount(count)) return null;
    entries.push([key, count]);
  }
  return Object.fromEntries(entries);
}

const optionalKeys = ["limitMs", "observedMs", "upperMs", "maxMs"] as const;

/** The optional figures present in a tally; null when one is no number. */
function readOptional(d: Data): Partial<Record<(typeof optionalKeys)[number], number>> | null {
  if (!optionalKeys.every((key) => optionalNumber(d[key]))) return null;
  return Object.fromEntries(
    optionalKeys.map((key) => [key, d[key]]).filter(([, value]) => value !== undefined),
  );
}

export function readTally(d: Data): Omit<SampleTally, "stream" | "part"> | null {
  const { n, bad, sliceMs } = d as Readonly<Record<"n" | "bad" | "sliceMs", unknown>>;
  const open = d["undefined"] ?? 0;
  const slices: unknown = d["slices"] ?? [];
  const badBy = readBadBy(d["badBy"]);
  const optional = readOptional(d);
  if (!isCount(n) || !isCount(bad) || !isCount(open)) return null;
  if (badBy === null || optional === null) return null;
  if (!Array.isArray(slices) || !slices.every(isSlice)) return null;
  const width = isFiniteNumber(sliceMs) && sliceMs > 0 ? sliceMs : 0;
  if (slices.length > 0 && width === 0) return null;
  if (!tallyAddsUp(n, bad, open, slices)) return null;
  return { n, bad, undefined: open, slices, sliceMs: width, badBy, ...optional };
}

export function readObservation(d: Data): Omit<PredicateObservation, "stream" | "part"> | null {
  const { ok, seen, reproduce } = d as Readonly<Record<keyof PredicateObservation, unknown>>;
  if (typeof ok !== "boolean") return null;
  const text = typeof seen === "string" ? seen : "";
  return { ok, seen: text, ...(isTextList(reproduce) && { reproduce }) };
}

export function readBoundValue(d: Data): Omit<BoundValue, "stream" | "part"> | null {
  const { lower, upper, resolution } = d as Readonly<Record<keyof BoundValue, unknown>>;
  if (!isFiniteNumber(lower) || !isFiniteNumber(upper) || !isFiniteNumber(resolution)) return null;
  return lower <= upper && resolution >= 0 ? { lower, upper, resolution } : null;
}

export function readGuard(record: EvidenceRecord): (GuardObservation & { seq: number }) | null {
  const d = record.data as Readonly<Record<keyof GuardObservation, unknown>>;
  const { guard, holds, kinds, streams, seen } = d;
  const invalidates = d.invalidates ?? "both";
  if (typeof guard !== "string" || typeof holds !== "boolean") return null;
  if (invalidates !== "pass" && invalidates !== "fail" && invalidates !== "both") return null;
  if (!isTextList(streams) || !isTextList(kinds)) return null;
  const known = claimKinds.filter((kind) => kinds.includes(kind));
  if (known.length !== new Set(kinds).size) return null;
  const reason = isReasonOf("inconclusive", d.reason) ? d.reason : "control";
  const text = typeof seen === "string" ? seen : "";
  const waived = readGuardWaiver(d.waived);
  const { seq } = record;
  return {
    guard,
    holds,
    invalidates,
    kinds: known,
    streams,
    reason,
    seen: text,
    seq,
    ...(waived !== null && { waived }),
  };
}

/** A waiver without owner, reason or day is none. */
function readGuardWaiver(value: unknown): NonNullable<GuardObservation["waived"]> | null {
  if (!isData(value)) return null;
  const { owner, reason, expires } = value as Readonly<Record<string, unknown>>;
  const texts = [owner, reason, expires];
  if (!texts.every((text) => typeof text === "string" && text !== "")) return null;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(String(expires))) return null;
  return { owner: String(owner), reason: String(reason), expires: String(expires) };
}
