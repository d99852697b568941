import type { Claim } from "@loadline/contract";
import type { LoadJob } from "./job.ts";
import type { BlocksClaim, LimiterClaim } from "./profiles/profile.ts";
import type { LoadLimit } from "./types.ts";
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
    const claim = predicate(rule.id, text, why, confidence);
    return { claim, limits: [before(rule.scenario, claim)], ladder: rule, notes: [] };
  });
  const undecided = (job.undecided ?? []).map((one): BoundClaim => {
    const why = "Part of the profile's promise, which this run cannot decide.";
    const required = one.required ?? true;
    const claim = { ...predicate(one.id, one.statement, why, confidence), required };
    return { claim, limits: [], undecided: one, notes: [`${one.id}: ${one.sentence}`] };
  });
  const limiters = (job.limiters ?? []).map((one) => limiterClaim(one, confidence));
  const blocks = (job.blocks ?? []).map((one) => blocksClaim(one, confidence));
  return [...ladder, ...limiters, ...blocks, ...undecided, ...checksClaim(job)];
}

/** Keeps the stream of a claim on a scenario before the guards. */
function before(scenario: string, { id, of }: Claim): LoadLimit {
  return { scenario, metric: "errors", claim: id, stream: of, part: "all" };
}

function limiterClaim(limiter: LimiterClaim, confidence: number): BoundClaim {
  const { id, scenario, tolerance } = limiter;
  const { kind, limit, periodMs } = limiter.limiter;
  const what = `${limit} in ${periodMs / 1_000} s (${kind.replaceAll("_", " ")})`;
  const text = `${scenario}: admitted within ${tolerance * 100} % of the declared limiter, ${what}, on the same schedule, observed in this window`;
  const why = "A limiter that lets through more or less than it says protects or serves nobody.";
  const claim = predicate(id, text, why, confidence);
  return { claim, limits: [before(scenario, claim)], limiter, notes: [] };
}

/** Accepts any answer time; it keeps the stream of the claim before the guards. */
const anyMs = 1e9;

function blocksClaim(blocks: BlocksClaim, confidence: number): BoundClaim {
  const { id, statement, scenario, share, triples } = blocks;
  const why = "Who keeps within a limit must not pay for another who does not.";
  const claim: Claim = {
    ...predicate(id, statement, why, confidence),
    kind: "comparison",
    limit: share,
    unit: "ratio",
    min: triples.length,
  };
  const limit: LoadLimit = {
    scenario,
    metric: "response_time",
    limitMs: anyMs,
    quantile: 0.99,
    compares: true,
    claim: id,
    stream: claim.of,
    part: "all",
  };
  return { claim, limits: [limit], blocks, notes: [] };
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
