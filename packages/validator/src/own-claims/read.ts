/** The claims a plan file makes of its own: judged against the streams of the plan's stages. */
import { type Claim, type ClaimStream, type Problem, readClaims } from "@loadline/contract";
import type { PlanFile } from "../plan/manifest.ts";
import { targetsOf } from "../plan/targets.ts";
import { chatStreamOf, meanRule, windowNames, withOffer } from "./load-streams.ts";
import { claimStreams, ownServiceStreams } from "./streams.ts";

/** Claims of the plan's own, and what is wrong with those that are left out. */
export interface OwnClaims {
  readonly claims: readonly Claim[];
  readonly problems: readonly Problem[];
  /** Streams that claims can be made of. */
  readonly streams: readonly ClaimStream[];
}

type Terms = Pick<PlanFile, "claims" | "confidence" | "load" | "target" | "targets" | "stack">;

function problem(code: string, path: string, message: string): Problem {
  return { code, path, message };
}

/** What is wrong with a claim beyond its own keys; null: nothing. */
function checkOwn(claim: Claim, path: string, file: Terms): Problem | null {
  const ofChat = chatStreamOf(claim);
  const row = ofChat ?? ownServiceStreams(file).find(({ id }) => id === claim.of);
  if (claim.over !== undefined && row === undefined) {
    return problem("LL_PLAN_KEY", `${path}.over`, `${claim.of} has no windows.`);
  }
  if (claim.kind === "mean" && row?.unit !== undefined && claim.unit !== row.unit) {
    const message = `${claim.of} is measured in ${row.unit}, not in ${claim.unit ?? "nothing"}.`;
    return problem("LL_PLAN_UNIT", `${path}.limit`, message);
  }
  if (claim.kind === "mean" && row === ofChat && meanRule(claim).scenarios.length === 0) {
    return problem("LL_PLAN_STREAM", `${path}.of`, `No mean is taken of ${claim.of}.`);
  }
  if (claim.over === undefined) return null;
  if (claim.kind === "mean") {
    return problem("LL_PLAN_KEY", `${path}.over`, "A mean is taken of the whole load.");
  }
  if (windowNames(claim, file.load).length > 0) return null;
  const message = `The load of ${file.load.durationSeconds} s has no window of ${claim.over / 1_000} s.`;
  return problem("LL_PLAN_SHAPE", `${path}.over`, message);
}

/**
 * Reads `claims` of a plan file beside the claims its stages make themselves. `objectives` come from
 * a file of SLOs: one whose stream no stage produces is taken, and stays not tested.
 */
export function readOwnClaims(
  file: Terms,
  builtIn: readonly Claim[],
  objectives: readonly Claim[],
): OwnClaims {
  const inputs = file.claims ?? [];
  const wanted = inputs.map(({ of }) => of);
  const streams = claimStreams(builtIn, { ...file, targets: targetsOf(file), wanted });
  const read = readClaims(inputs, { confidence: file.confidence, streams });
  const problems = [...read.problems];
  const taken = new Set(builtIn.map(({ id }) => id));
  for (const { id } of objectives) {
    const message = `Two claims are named ${id}; the objectives' own begin with slo.`;
    if (taken.has(id)) problems.push(problem("LL_PLAN_DUPLICATE", "slo", message));
    taken.add(id);
  }
  const claims: Claim[] = [];
  for (const claim of read.claims) {
    const path = `claims[${inputs.findIndex(({ id }) => id === claim.id)}]`;
    const wrong = taken.has(claim.id)
      ? problem(
          "LL_PLAN_DUPLICATE",
          `${path}.id`,
          `A stage or an objective has a claim named ${claim.id}.`,
        )
      : checkOwn(claim, path, file);
    if (wrong !== null) problems.push(wrong);
    else if (claim.over === undefined) claims.push(claim);
    else claims.push({ ...claim, parts: windowNames(claim, file.load) });
  }
  const all = [...objectives, ...claims].map((claim) => withOffer(claim, file.load));
  return { claims: all, problems, streams };
}
