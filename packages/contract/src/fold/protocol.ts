/** What a drill or a fault owes beside its figures: without it they show nothing. */
import type { Claim } from "../claim.ts";
import type { EvidenceRecord, LedgerComparison } from "../evidence/record.ts";
import { stepProblem } from "../evidence/role.ts";
import type { Decision } from "./decision.ts";
import type { Judged } from "./join.ts";
import { isTextList } from "./read-data.ts";

/** A record of `protocolKinds`, as the part it is about keeps it. */
export interface ProtocolStep {
  readonly seq: number;
  readonly kind: EvidenceRecord["kind"];
  readonly holds: boolean;
}

/** Reads a step; a sentence when its maker may not say so, e.g. the injector of its own effect. */
export function readStep(record: EvidenceRecord, claim: Claim): ProtocolStep | string {
  const { seq, kind, data } = record;
  const problem = stepProblem(record, claim);
  if (problem !== null) return problem;
  return { seq, kind, holds: record.provenance === "measured" && data["seen"] === true };
}

const isOf = (stage: string, { of }: Claim): boolean => of.startsWith(`${stage}.`);

function withVerdict(decision: Decision, judged: Judged): Decision {
  const { reason: _before, ...figures } = decision;
  return { ...figures, ...judged };
}

/**
 * A fault that nobody saw take effect proves neither resilience nor its lack; a restore while the
 * source lived, or into what was not empty, was never drilled. A loss that was seen stays one.
 */
export function applyProtocol(
  claim: Claim,
  decision: Decision,
  steps: readonly ProtocolStep[],
): Decision {
  const isDecided = decision.verdict === "passed" || decision.verdict === "failed";
  const shown = (one: ProtocolStep["kind"]): boolean =>
    steps.some(({ kind, holds }) => kind === one && holds);
  if (isOf("chaos", claim) && isDecided && !shown("fault.effect")) {
    const sentence = `Nobody saw the fault take effect. Without that: ${decision.sentence}`;
    return withVerdict(decision, {
      verdict: "inconclusive",
      reason: "effect_unverified",
      sentence,
    });
  }
  const isGone = shown("source.destroyed") || shown("target.empty");
  if (isOf("drill", claim) && decision.verdict === "passed" && !isGone) {
    const sentence =
      "No record says that the source was destroyed or the target empty, so nothing was restored.";
    return withVerdict(decision, { verdict: "not_tested", reason: "not_run", sentence });
  }
  return decision;
}

function areTwo(pair: readonly string[] | undefined): boolean {
  return isTextList(pair) && pair.length === 2 && pair[0] !== pair[1] && !pair.includes("");
}

/** Why the comparison of a drill compares a thing with itself; null when it does not. */
export function selfComparison(
  claim: Claim,
  ledger: Pick<LedgerComparison, "readers" | "instances">,
): string | null {
  if (!isOf("drill", claim)) return null;
  if (!areTwo(ledger.readers)) return "The ledger was not compared by two readers of their own.";
  if (areTwo(ledger.instances)) return null;
  return "The ledger was not compared across two instances: it was compared with itself.";
}
