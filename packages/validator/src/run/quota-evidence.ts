import type { SampleTally } from "@loadline/contract";
import {
  admittedBy,
  type BoundClaim,
  type LoadPlan,
  type ScenarioBlocks,
  scheduledMs,
} from "../load/index.ts";

/** Outcomes that leave open whether the limiter let the request through. */
const unanswered = [
  "dns",
  "connect",
  "connect_timeout",
  "tls",
  "stale_connection",
  "reset",
  "timeout_first_byte",
  "timeout_idle",
  "timeout_total",
  "protocol",
  "generator",
  "dropped",
  "unfinished",
  "cancelled",
] as const;
/** More than this share without an answer, and nobody knows how many were admitted. */
const unansweredMax = 0.005;
/** A block whose percentile is no good answer counts as one that took this long, ms. */
const timeoutMs = 120_000;
/** A comparison takes logarithms. */
const leastMs = 0.001;

/** What was admitted beside what the declared limiter lets through, or why that cannot be said. */
export function admittedFigure(
  rule: NonNullable<BoundClaim["limiter"]>,
  load: LoadPlan,
  tallies: readonly SampleTally[],
): { readonly ok: boolean; readonly seen: string } | string {
  const n = tallies.reduce((sum, tally) => sum + tally.n, 0);
  const count = (outcome: string): number =>
    tallies.reduce((sum, { badBy }) => sum + (badBy[outcome] ?? 0), 0);
  const open = unanswered.reduce((sum, outcome) => sum + count(outcome), 0);
  const atMs = scheduledMs(load, rule.scenario);
  if (n === 0 || atMs === null) return "No request fell due.";
  if (n !== atMs.length) return `${n} of ${atMs.length} scheduled requests fell due.`;
  if (open > unansweredMax * n) return `${open} of ${n} requests had no answer.`;
  const admitted = n - count("status_429") - open;
  const { least, most } = admittedBy(rule.limiter, atMs);
  const slack = rule.tolerance;
  const ok = admitted >= least * (1 - slack) && admitted <= most * (1 + slack);
  const wanted = least === most ? `${least}` : `${least} to ${most}`;
  const seen = `${admitted} of ${n} requests were admitted; the declared limiter lets ${wanted} through, +- ${slack * 100} %.`;
  return { ok, seen };
}

/**
 * Triples of p99 in ms. One whose quiet blocks have no good answer there is left out: with nothing to
 * compare with, a target that answers nobody would be no worse than itself.
 */
export function comparedBlocks(
  rule: NonNullable<BoundClaim["blocks"]>,
  seen: ScenarioBlocks,
): (readonly [number, number, number])[] {
  return rule.triples.flatMap((triple) => {
    const all = triple.map((at) => seen.blocks[at]);
    if (all.some((block) => block === undefined || block.due === 0)) return [];
    if (all.slice(0, 2).some((block) => block?.p99Ms == null)) return [];
    const [a = 0, again = 0, b = 0] = all.map((block) =>
      Math.max(leastMs, block?.p99Ms ?? timeoutMs),
    );
    return [[a, again, b] as const];
  });
}
