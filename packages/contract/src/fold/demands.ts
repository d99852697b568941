/** What a plan asks beyond its claims: a declared use, and gates of its own. */
import { decideGates, type GateResult } from "../gates.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import type { VerdictDocument } from "../report-model.ts";
import { decideNamedUse, type UseVerdict } from "../scorecard.ts";
import { exitCodes } from "./outcome.ts";

type Demands = Pick<RunPlan, "use" | "gates">;

/** Whether the plan asks anything beyond its claims. */
export function hasDemands({ use, gates }: Demands): boolean {
  return use !== undefined || gates !== undefined;
}

function unmetOf(use: UseVerdict | null, gates: readonly GateResult[]): readonly string[] {
  const open = gates.filter(({ verdict }) => verdict !== "passed");
  return [
    ...(use === null || use.outcome === "READY" ? [] : [`use ${use.use}: ${use.sentence}`]),
    ...open.map(({ id, verdict, sentence }) => `gate ${id} is ${verdict}: ${sentence}`),
  ];
}

/**
 * The verdict with the plan's use and gates decided from the same claims. They never lift an
 * outcome; a READY that leaves one of them open is NOT_PROVEN.
 */
export function withDemands(plan: Demands, document: VerdictDocument): VerdictDocument {
  if (!hasDemands(plan)) return document;
  const use = plan.use === undefined ? null : decideNamedUse(plan.use, document);
  const gates = decideGates(plan.gates ?? [], document);
  const unmet = document.outcome === "READY" ? unmetOf(use, gates) : [];
  const said = {
    ...document,
    ...(use !== null && { use }),
    ...(plan.gates !== undefined && { gates }),
  };
  if (unmet.length === 0) return said;
  const outcome = "NOT_PROVEN";
  const { waived, not_applicable } = document.counts;
  const state = waived + not_applicable === 0 ? "proven" : "proven or accepted";
  return {
    ...said,
    outcome,
    overall_status: outcome,
    exitCode: exitCodes[outcome],
    sentence: `Do not sign: every required claim is ${state}, but the plan asks for more. ${unmet.join(" ")}`,
    unmet,
  };
}
