import type { Claim } from "@loadline/contract";
import type { LoadJob } from "./job.ts";
import { category } from "./thresholds/bind-shared.ts";
import type { BoundClaim } from "./thresholds/bound-claim.ts";

const predicate = (
  id: string,
  statement: string,
  rationale: string,
  confidence: number,
): Claim => ({
  id,
  statement,
  kind: "predicate",
  of: `load.${id}`,
  parts: ["all"],
  confidence,
  required: true,
  category,
  rationale,
});

/** Claims of a job that no threshold makes: of a ladder, of checks, and those nothing decides. */
export function extraClaims(job: LoadJob): BoundClaim[] {
  const { confidence } = job;
  const ladder = (job.ladder ?? []).map((rule): BoundClaim => {
    const what = rule.of === "speedUp" ? "speed-up over one user" : "good answers per second";
    const text = `At ${rule.users} users the ${what} is >= ${rule.atLeast}, observed in this window`;
    const why = "More users have to bring more work done, or the target is at its end.";
    return {
      claim: predicate(rule.id, text, why, confidence),
      limits: [],
      ladder: rule,
      notes: [],
    };
  });
  const undecided = (job.undecided ?? []).map((one): BoundClaim => {
    const why = "Part of the profile's promise, which this run cannot decide.";
    const required = one.required ?? true;
    const claim = { ...predicate(one.id, one.statement, why, confidence), required };
    return { claim, limits: [], undecided: one, notes: [`${one.id}: ${one.sentence}`] };
  });
  return [...ladder, ...undecided, ...checksClaim(job)];
}

/** A declared check that never runs is not tested; shown, since a rare branch is no failure. */
function checksClaim({ checks = [], confidence }: LoadJob): BoundClaim[] {
  if (checks.length === 0) return [];
  const id = "load.checks";
  const text = "Every declared check was run at least once in this window";
  const why = "A check that never runs checks nothing.";
  const claim: Claim = {
    ...predicate(id, text, why, confidence),
    kind: "coverage",
    of: id,
    items: checks,
    required: false,
  };
  return [{ claim, limits: [], checks, notes: [] }];
}
