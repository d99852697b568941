/** What a plan asks beyond its claims, as rows of other people's formats. */
import { formatRatio } from "./figure.ts";
import type { Gate, GateResult } from "./gates.ts";
import type { ClaimVerdict, VerdictDocument } from "./report-model.ts";
import type { ScoreRow, UseVerdict } from "./scorecard.ts";

/** What every format shows of one claim, use or gate. */
export type ProjectedRow = Pick<
  ClaimVerdict,
  | "id"
  | "statement"
  | "required"
  | "verdict"
  | "reason"
  | "disposition"
  | "sentence"
  | "n"
  | "bad"
  | "evidence"
  | "reproduce"
> & { readonly category: string; readonly kind: string };

/** A gate or a use counts required claims: it has no record of its own. */
function counted({ required, passed }: ScoreRow) {
  const n = { n: required, bad: required - passed };
  return { required: true, ...n, evidence: [], reproduce: [] } as const;
}

function scopeOf({ category, group, claims }: Gate): string {
  if (claims !== undefined) return `required claims ${claims.join(", ")}`;
  return `required claims${category === undefined && group === undefined ? "" : ` of ${category ?? group}`}`;
}

function gateRow({ id, verdict, sentence, gate, row }: GateResult): ProjectedRow {
  const { minScore, minCoverage } = gate;
  const least = `at least ${formatRatio(minScore)} of the ${scopeOf(gate)} passed`;
  const statement = `${least}, ${formatRatio(minCoverage)} decided`;
  const named = { id: `gate.${id}`, category: "Gates", kind: "gate", statement };
  return { ...counted(row), ...named, verdict, ...reasonOf(verdict), sentence };
}

function useRow({ use, outcome, sentence, row }: UseVerdict): ProjectedRow {
  const words = { READY: "passed", NOT_READY: "failed", NOT_PROVEN: "not_tested" } as const;
  const verdict = words[outcome];
  const id = `use.${use.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_")}`;
  const named = { id, category: "Use", kind: "use", statement: `Ready for the use ${use}` };
  return { ...counted(row), ...named, verdict, ...reasonOf(verdict), sentence };
}

function reasonOf(verdict: "passed" | "failed" | "not_tested"): Pick<ProjectedRow, "reason"> {
  if (verdict === "passed") return {};
  return { reason: verdict === "failed" ? "limit" : "not_run" };
}

/**
 * The claims of a verdict, then the use and the gates that its plan asks for. A pipeline that counts
 * the rows of one format sees by them what keeps a READY back.
 */
export function projectedRows(document: VerdictDocument): readonly ProjectedRow[] {
  const { claims, use, gates = [] } = document;
  return [...claims, ...(use === undefined ? [] : [useRow(use)]), ...gates.map(gateRow)];
}
