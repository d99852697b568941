/** Gates: what must be proven before something may happen, as limits on the scorecard's counts. */
import { claimCategories, type Problem } from "./claim.ts";
import { type Data, isData, isTextList } from "./fold/read-data.ts";
import type { VerdictDocument } from "./report-model.ts";
import { groupOf, scoreGroups, scoreRow, type ScoreRow } from "./scorecard.ts";

export interface Gate {
  readonly id: string;
  /** A category, a group, or claims by exact id; `all` without any. */
  readonly category?: string;
  readonly group?: string;
  readonly claims?: readonly string[];
  /** Least passed / required, 0..1. */
  readonly minScore: number;
  /** Least decided / required, 0..1; default 1. */
  readonly minCoverage: number;
}

export interface GateResult {
  readonly id: string;
  readonly verdict: "passed" | "failed" | "not_tested";
  readonly sentence: string;
  readonly row: ScoreRow;
  readonly gate: Gate;
}

export const gatesMax = 200;
const gateKeys = ["id", "category", "group", "claims", "minScore", "minCoverage"] as const;

function shape(path: string, message: string): Problem {
  return { code: "LL_GATE_SHAPE", path, message };
}

/** A ratio 0..1 or a percentage such as "95 %"; a bare 95 is refused. */
function readRatio(value: unknown): number | null {
  if (typeof value === "number") return value >= 0 && value <= 1 ? value : null;
  const percent = typeof value === "string" ? /^(\d{1,3}(?:\.\d+)?) ?%$/.exec(value)?.[1] : null;
  const ratio = percent == null ? NaN : Number(percent) / 100;
  return ratio >= 0 && ratio <= 1 ? ratio : null;
}

function checkScope(d: Data, path: string): Problem[] {
  const given = ["category", "group", "claims"].filter((key) => d[key] !== undefined);
  if (given.length > 1) return [shape(path, `Give one of ${given.join(", ")}.`)];
  const { category, group, claims } = d as Readonly<Record<string, unknown>>;
  if (category !== undefined && !claimCategories.some((name) => name === category)) {
    return [shape(`${path}.category`, `Expected one of ${claimCategories.join(", ")}.`)];
  }
  if (group !== undefined && !scoreGroups.some((name) => name === group)) {
    return [shape(`${path}.group`, `Expected one of ${scoreGroups.join(", ")}.`)];
  }
  const isList = claims === undefined || (isTextList(claims) && claims.length > 0);
  return isList ? [] : [shape(`${path}.claims`, "Expected a list of claim ids.")];
}

function readGate(value: unknown, path: string, problems: Problem[]): Gate | null {
  if (!isData(value)) {
    problems.push(shape(path, "Expected a gate with its keys."));
    return null;
  }
  const before = problems.length;
  for (const key of Object.keys(value)) {
    if (gateKeys.some((name) => name === key)) continue;
    problems.push(
      shape(`${path}.${key}`, `There is no key ${key}; known: ${gateKeys.join(", ")}.`),
    );
  }
  const { id, category, group, claims } = value as Readonly<Record<string, unknown>>;
  if (typeof id !== "string" || id === "") problems.push(shape(`${path}.id`, "Expected a name."));
  problems.push(...checkScope(value, path));
  const minScore = readRatio(value["minScore"]);
  const minCoverage = readRatio(value["minCoverage"] ?? 1);
  const wanted = 'Expected a ratio 0..1 or a percentage such as "95 %".';
  if (minScore === null) problems.push(shape(`${path}.minScore`, wanted));
  if (minCoverage === null) problems.push(shape(`${path}.minCoverage`, wanted));
  if (problems.length > before || minScore === null || minCoverage === null) return null;
  return {
    id: String(id),
    ...(typeof category === "string" && { category }),
    ...(typeof group === "string" && { group }),
    ...(isTextList(claims) && { claims }),
    minScore,
    minCoverage,
  };
}

export type ParsedGates =
  | { readonly ok: true; readonly gates: readonly Gate[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads a parsed gate file `{gates: [...]}`. Returns every problem found; never throws. */
export function parseGates(value: unknown): ParsedGates {
  const list = isData(value) ? value["gates"] : undefined;
  if (!Array.isArray(list) || list.length === 0 || list.length > gatesMax) {
    const message = `Expected a list of 1 to ${gatesMax} gates.`;
    return { ok: false, problems: [shape("gates", message)] };
  }
  const problems: Problem[] = [];
  const gates = list
    .map((one, index) => readGate(one, `gates.${index}`, problems))
    .filter((gate) => gate !== null);
  const ids = gates.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) problems.push(shape("gates", `Two gates are named ${twice}.`));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, gates };
}

function decideGate(gate: Gate, document: VerdictDocument): GateResult {
  const claims = document.claims.filter(
    (claim) =>
      (gate.category === undefined || claim.category === gate.category) &&
      (gate.group === undefined || groupOf(claim) === gate.group) &&
      (gate.claims === undefined || gate.claims.includes(claim.id)),
  );
  const row = scoreRow(gate.id, claims);
  const absent = (gate.claims ?? []).filter((id) => !row.claims.includes(id));
  const base = { id: gate.id, row, gate };
  if (absent.length > 0) {
    const sentence = `No required claim ${absent.join(", ")} in this run.`;
    return { ...base, verdict: "not_tested", sentence };
  }
  if (row.score === null || row.coverage === null) {
    return { ...base, verdict: "not_tested", sentence: "The plan has no claim for this gate." };
  }
  const counts = `${row.passed} of ${row.required} passed, ${row.decided} decided`;
  const best = (row.passed + row.required - row.decided) / row.required;
  if (best < gate.minScore) return { ...base, verdict: "failed", sentence: `${counts}.` };
  const isMet = row.score >= gate.minScore && row.coverage >= gate.minCoverage;
  const sentence = isMet ? `${counts}.` : `${counts}: too little is decided.`;
  return { ...base, verdict: isMet ? "passed" : "not_tested", sentence };
}

/**
 * Decides each gate. `failed` only when the open claims could not lift it any more; a gate without
 * claims is not tested, never passed.
 */
export function decideGates(
  gates: readonly Gate[],
  document: VerdictDocument,
): readonly GateResult[] {
  return gates.map((gate) => decideGate(gate, document));
}
