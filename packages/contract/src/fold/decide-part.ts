import type { Claim } from "../claim.ts";
import type { GuardObservation } from "../evidence/record.ts";
import type { PartVerdict } from "../report-model.ts";
import { decideBound, decideCoverage, decidePredicate } from "./decide-other.ts";
import { decideRatio } from "./decide-ratio.ts";
import { decideComparison } from "./decide-comparison.ts";
import { decideLedger } from "./decide-ledger.ts";
import { decideMean } from "./decide-mean.ts";
import { decideTime } from "./decide-time.ts";
import { decideWindow } from "./decide-window.ts";
import { bareDecision, type Decision } from "./decision.ts";
import type { PartEvidence } from "./gather.ts";
import { joinJudged } from "./join.ts";
import { applyProtocol } from "./protocol.ts";

export type SeenGuard = GuardObservation & { readonly seq: number };

/** The guards of a run and when it ended, for waivers. */
export interface SeenGuards {
  readonly guards: readonly SeenGuard[];
  readonly endedAt: string;
  /** Attempts that reached nothing which a later one makes good, default 2. */
  readonly retries?: number | undefined;
}

function decideByKind(claim: Claim, evidence: PartEvidence): Decision {
  switch (claim.kind) {
    case "predicate":
      return decidePredicate(claim, evidence);
    case "bound":
      return decideBound(claim, evidence);
    case "coverage":
      return decideCoverage(claim, evidence);
    case "proportion":
    case "quantile":
    case "trials":
      return decideRatio(claim, evidence);
    case "mean":
      return decideMean(claim, evidence);
    case "comparison":
      return decideComparison(claim, evidence);
    case "zero_loss":
      return decideLedger(claim, evidence);
    case "time_availability":
      return decideTime(claim, evidence);
    case "window_slo":
      return decideWindow(claim, evidence);
    default: {
      const sentence = `The claim kind ${String(claim.kind)} is not built.`;
      return bareDecision({ verdict: "error", reason: "evidence", sentence });
    }
  }
}

/** Everything that decides, by its kind. */
function listsOf(e: PartEvidence): readonly (readonly { readonly seq: number }[])[] {
  const samples = [e.tallies, e.means, e.blocks, e.episodes, e.windows];
  return [...samples, e.observations, e.values, e.items, e.ledgers];
}

function hasEvidence(e: PartEvidence): boolean {
  return listsOf(e).some((list) => list.length > 0);
}

/** One counter-example refutes these kinds, so even an unclosed sample decides. */
const counterExampleKinds: ReadonlySet<string> = new Set([
  "predicate",
  "bound",
  "coverage",
  "zero_loss",
]);

function decideEvidence(claim: Claim, evidence: PartEvidence): Decision {
  if (!hasEvidence(evidence)) {
    if (evidence.unsupported) {
      const { seq, ...judged } = evidence.unsupported;
      return bareDecision(judged, [seq]);
    }
    if (evidence.closedSeq !== null && evidence.notes.length === 0) {
      const sentence = "The check ended without an observation.";
      return bareDecision({ verdict: "error", reason: "silent", sentence }, [evidence.closedSeq]);
    }
    const sentence = "No evidence was recorded.";
    return bareDecision({ verdict: "not_tested", reason: "not_run", sentence });
  }
  const decision = decideByKind(claim, evidence);
  if (evidence.closedSeq !== null) {
    return { ...decision, evidence: [...decision.evidence, evidence.closedSeq] };
  }
  if (decision.verdict === "failed" && counterExampleKinds.has(claim.kind)) return decision;
  const sentence = "The sample was not closed: the run ended before it was whole.";
  return { ...decision, verdict: "not_tested", reason: "cancelled", sentence };
}

/** A waiver counts to the end of its day, by the clock of the run. */
function isWaived(guard: SeenGuard, endedAt: string): boolean {
  return guard.waived !== undefined && endedAt.slice(0, 10) <= guard.waived.expires;
}

function watches(guard: SeenGuard, claim: Claim): boolean {
  if (guard.holds || !guard.kinds.includes(claim.kind)) return false;
  return guard.streams.includes("*") || guard.streams.includes(claim.of);
}

function invalidates(guard: SeenGuard, decision: Decision): boolean {
  if (decision.verdict === "passed") return guard.invalidates !== "fail";
  if (decision.verdict === "failed") return guard.invalidates !== "pass";
  return false;
}

/** A breached guard takes a verdict away; it never gives one. */
function applyGuards(claim: Claim, decision: Decision, seen: SeenGuards): Decision {
  const breaches = seen.guards.filter(
    (guard) => watches(guard, claim) && invalidates(guard, decision),
  );
  const breach = breaches.find((guard) => !isWaived(guard, seen.endedAt));
  if (!breach) return waivedText(decision, breaches);
  const sentence = `${breach.guard} did not hold: ${breach.seen} Without it: ${decision.sentence}`;
  return {
    ...decision,
    verdict: "inconclusive",
    reason: breach.reason,
    sentence,
    evidence: [...decision.evidence, breach.seq],
  };
}

/** What a verdict owes to waivers is said beside it. */
function waivedText(decision: Decision, waived: readonly SeenGuard[]): Decision {
  if (waived.length === 0) return decision;
  const names = waived.map(
    (guard) =>
      `${guard.guard} (${guard.waived?.owner ?? ""}, until ${guard.waived?.expires ?? ""}: ${guard.waived?.reason ?? ""})`,
  );
  const sentence = `${decision.sentence} Waived: ${names.join("; ")}.`;
  const evidence = [...decision.evidence, ...waived.map(({ seq }) => seq)];
  return { ...decision, sentence, evidence };
}

/** So often an attempt that reached nothing may be made again, where the plan says nothing. */
const attemptsDefault = 2;

/**
 * An error before any byte reached the target counts only when no observation followed, or when
 * there are more of them than the plan allows before each observation.
 */
function standing(evidence: PartEvidence, attemptsMax: number): PartEvidence["notes"] {
  const { notes } = evidence;
  const all = listsOf(evidence);
  const last = Math.max(...all.map((list) => list.at(-1)?.seq ?? -1));
  const count = all.reduce((sum, list) => sum + list.length, 0);
  const isRepeated = ({ attempt, seq }: PartEvidence["notes"][number]): boolean =>
    attempt !== undefined && attempt >= 1 && attempt <= attemptsMax && seq < last;
  if (notes.filter(isRepeated).length > attemptsMax * count) return notes;
  return notes.filter((note) => !isRepeated(note));
}

/** Evidence, dependence, guards, then skips and broken checks: the worst stands. */
export function decidePart(claim: Claim, evidence: PartEvidence, seen: SeenGuards): PartVerdict {
  const shown = applyProtocol(claim, decideEvidence(claim, evidence), evidence.steps);
  let decision = applyGuards(claim, shown, seen);
  for (const note of standing(evidence, seen.retries ?? attemptsDefault)) {
    const { verdict, reason, sentence, seq } = note;
    const judged = { verdict, sentence, ...(reason !== undefined && { reason }) };
    const refs = [...decision.evidence, seq];
    // Why there is no evidence says more than that there is none.
    const isBare = !hasEvidence(evidence) && decision.evidence.length === 0;
    const joined = isBare ? judged : joinJudged(decision, judged);
    if (joined === judged) {
      const { reason: _before, ...figures } = decision;
      decision = { ...figures, ...judged, evidence: refs };
    }
  }
  const { verdict, reason, ...rest } = decision;
  return { part: evidence.part, verdict, ...(reason !== undefined && { reason }), ...rest };
}
