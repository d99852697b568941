import type { Claim } from "../claim.ts";
import type { EvidenceRecord } from "../evidence/record.ts";
import type { ClaimVerdict, PartVerdict } from "../report-model.ts";
import { decidePart, type SeenGuard } from "./decide-part.ts";
import { bareDecision } from "./decision.ts";
import { gatherClaim, type Gathered, type PartEvidence, type RunFacts } from "./gather.ts";
import { joinJudged, type Judged, joinVerdicts } from "./join.ts";

import { describeProof } from "./to-prove.ts";

/** More record ids than this are not listed per claim. */
export const evidenceListedMax = 1_000;

/** First of the worst parts, in declared order. */
function worstPart(parts: readonly PartVerdict[]): PartVerdict {
  const sentence = "The claim declares no part.";
  const none = {
    part: "",
    ...bareDecision({ verdict: "not_tested", reason: "not_run", sentence }),
  };
  return parts.reduce((worst, part) => {
    const joined = joinVerdicts(worst.verdict, part.verdict);
    return joined === worst.verdict ? worst : part;
  }, parts[0] ?? none);
}

function findReproduce(gathered: Gathered): readonly string[] {
  const seen = gathered.parts.flatMap((part) => part.observations);
  const broken = seen.find(({ value }) => !value.ok && value.reproduce !== undefined);
  const any = broken ?? seen.find(({ value }) => value.reproduce !== undefined);
  return any?.value.reproduce ?? [];
}

function rateOf(part: PartEvidence | undefined): number | null {
  let [n, ms] = [0, 0];
  for (const { value } of part?.tallies ?? []) {
    n += value.n;
    ms += value.slices.length * value.sliceMs;
  }
  return ms > 0 ? (n / ms) * 1_000 : null;
}

export interface ClaimContext {
  readonly facts: RunFacts;
  readonly guards: readonly SeenGuard[];
  /** Of the plan, default 2. */
  readonly retries?: number | undefined;
  /** Joined with every claim, e.g. evidence of another plan. */
  readonly doubts: readonly Judged[];
}

/** Every part from its evidence, then the worst of them. */
export function foldClaim(
  claim: Claim,
  records: readonly EvidenceRecord[],
  context: ClaimContext,
): ClaimVerdict {
  const gathered = gatherClaim(claim, records, context.facts);
  const { guards, retries } = context;
  const seen = { guards, endedAt: context.facts.endedAt, retries };
  const parts = gathered.parts.map((part) => decidePart(claim, part, seen));
  const worst = worstPart(parts);
  const base: Judged = {
    verdict: worst.verdict,
    sentence: parts.length > 1 ? `${worst.part}: ${worst.sentence}` : worst.sentence,
    ...(worst.reason !== undefined && { reason: worst.reason }),
  };
  const judged = [...gathered.strays, ...context.doubts].reduce<Judged>(joinJudged, base);
  const decided: PartVerdict = {
    ...worst,
    verdict: judged.verdict,
    ...(judged.reason !== undefined && { reason: judged.reason }),
  };
  const refs = [...parts.flatMap((part) => part.evidence), ...gathered.strays.map((s) => s.seq)];
  const evidence = [...new Set(refs)].sort((a, b) => a - b).slice(0, evidenceListedMax);
  const source = gathered.parts.find(({ part }) => part === worst.part);
  return {
    id: claim.id,
    category: claim.category,
    statement: claim.statement,
    kind: claim.kind,
    required: claim.required,
    verdict: judged.verdict,
    ...(judged.reason !== undefined && { reason: judged.reason }),
    sentence: judged.sentence,
    n: worst.n,
    bad: worst.bad,
    observed: worst.observed,
    limit: worst.limit,
    interval: worst.interval,
    confidence: claim.confidence,
    parts,
    evidence,
    toProve: describeProof(claim, decided, rateOf(source)),
    reproduce: findReproduce(gathered),
  };
}
