import {
  badAllowed,
  type Claim,
  minimumN,
  samplesForPower,
  samplesNeeded,
} from "@loadline/contract";
import { arms, blockMs, gapMs } from "./compare/interleave.ts";
import { growthClaims } from "./growth-claims.ts";
import { type BoundJob, type LoadJob, plannedSamples } from "./job.ts";
import type { Planned } from "./thresholds/planned.ts";
import type { BoundClaim } from "./thresholds/bound-claim.ts";
import { durationOf } from "./plan/duration.ts";
import type { LoadPlan } from "./types.ts";

/** What one claim of a load plan needs before anything is sent. */
export interface LoadPlanRow {
  readonly claim: string;
  readonly statement: string;
  readonly kind: Claim["kind"];
  readonly required: boolean;
  /** Samples per part the plan will bring; in closed models with answers of 500 ms. Null: unknown. */
  readonly planned: number | null;
  /** Samples that prove it with 0, 1 and 2 bad ones; null where no number does. */
  readonly needed: readonly (number | null)[];
  /** Samples for a chance of 80 % when the truth is half as bad as the target allows. */
  readonly forPower80: number | null;
  /** Bad samples the planned n forgives. */
  readonly badAllowed: number | null;
  /** False: a perfect target could not pass it in this run. */
  readonly provable: boolean;
  /** More samples would change that: such a plan is refused, where another claim is only not tested. */
  readonly isTooSmall: boolean;
  /** Why it cannot be proven; empty when it can. */
  readonly problem: string;
}

/** One row per claim, in the plan's order. */
export function loadPlanRows({ bound, load, job }: BoundJob): LoadPlanRow[] {
  const triples = job.ab === undefined ? null : (job.triples ?? 0);
  return [...bound.map((one) => rowOf(one, load, triples)), ...growthRows(job)];
}

/** Seconds of memory that tell a slope, after the first tenth, which settles. */
const growthSeconds = 60;
const settledShare = 0.9;

function growthRows(job: LoadJob): LoadPlanRow[] {
  const seconds = Math.floor(jobMinutes(job) * 60 * settledShare);
  const isTooSmall = seconds < growthSeconds;
  return growthClaims(job.observe ?? []).map(({ id, statement, kind, required }) => ({
    claim: id,
    statement,
    kind,
    required: required && !job.explore,
    planned: seconds,
    needed: [growthSeconds],
    forPower80: null,
    badAllowed: null,
    provable: !isTooSmall,
    isTooSmall,
    problem: isTooSmall ? `${seconds} s after settling, ${growthSeconds} needed` : "",
  }));
}

/** Minutes a job sends for: of an A/B run its blocks, one after the other. */
export function jobMinutes({ load, triples }: LoadJob): number {
  if (triples === undefined) return loadMinutes(load);
  return (triples * arms.length * (blockMs + 2 * gapMs)) / 60_000;
}

/** Minutes the plan sends for, drains not counted. */
export function loadMinutes(load: LoadPlan): number {
  const ends = Object.values(load.scenarios).map((s) => (s.startMs ?? 0) + durationOf(s));
  return Math.max(0, ...ends) / 60_000;
}

/** Measured requests of one side's blocks; the baseline has twice as many. */
function sideSamples(load: LoadPlan, triples: number): Planned {
  const [scenario] = Object.values(load.scenarios);
  const n =
    scenario?.executor === "constant-arrival-rate"
      ? Math.floor((scenario.rate * triples * blockMs) / 1_000)
      : null;
  return { most: n, about: n };
}

const sameBoth = (n: number): Planned => ({ most: n, about: n });

function plannedIn(bound: BoundClaim, load: LoadPlan, triples: number | null): Planned {
  if (bound.blocks !== undefined)
    return sameBoth(triples === null ? bound.blocks.triples.length : 0);
  if (triples === null) return plannedSamples(bound, load);
  if (bound.claim.kind === "comparison") return { most: triples, about: triples };
  return sideSamples(load, triples);
}

function rowOf(bound: BoundClaim, load: LoadPlan, triples: number | null): LoadPlanRow {
  const { claim } = bound;
  const planned = plannedIn(bound, load, triples);
  const { target, confidence } = claim;
  const isRatio =
    target !== undefined && (claim.kind === "proportion" || claim.kind === "quantile");
  const least = Math.max(minimumN(claim) ?? Infinity, isRatio ? (claim.min ?? 0) : 0);
  const needed = isRatio
    ? [0, 1, 2].map((bad) => samplesNeeded(bad, target, confidence))
    : [Number.isFinite(least) ? least : null];
  const problem = problemOf(bound, { least, most: planned.most, load, triples, isRatio });
  const { about } = planned;
  return {
    claim: claim.id,
    statement: claim.statement,
    kind: claim.kind,
    required: claim.required,
    planned: about,
    needed,
    forPower80: isRatio ? (samplesForPower((1 - target) / 2, target, confidence)?.n ?? null) : null,
    badAllowed: isRatio && about !== null ? badAllowed(about, target, confidence) : null,
    provable: problem === "",
    isTooSmall: problem !== "" && !problem.endsWith("not_tested"),
    problem,
  };
}

interface Facts {
  readonly least: number;
  readonly most: number | null;
  readonly load: LoadPlan;
  readonly triples: number | null;
  readonly isRatio: boolean;
}

function problemOf(bound: BoundClaim, f: Facts): string {
  return ofAb(bound, f) ?? ofWhat(bound) ?? ofSize(bound, f);
}

/** What an A/B run, or its absence, decides; null: the claim is none of its. */
function ofAb({ claim, blocks }: BoundClaim, { triples, least }: Facts): string | null {
  if (claim.kind === "comparison" && blocks === undefined) {
    if (triples === null) return "no baseline in this run (--ab URL): not_tested";
    return triples >= least ? "" : `${triples} triples, ${least} needed`;
  }
  const isOfSides = claim.id === "load.alive" || claim.id === "load.errors";
  return triples === null || isOfSides ? null : "an A/B run decides comparisons: not_tested";
}

/** Claims that no number of samples decides; null: it is one that samples do. */
function ofWhat(bound: BoundClaim): string | null {
  if (bound.undecided !== undefined) return `${bound.undecided.sentence} not_tested`;
  const isSeen = bound.ladder !== undefined || bound.checks !== undefined;
  if (bound.claim.id === "load.alive" || isSeen) return "";
  return bound.limits.length > 0 ? null : "nothing this engine records decides it: not_tested";
}

/** Where the fewest samples are: the scenario with fewer than the others, or every window alike. */
function whereFew({ claim, limits }: BoundClaim, { load, most }: Facts): string {
  if (claim.parts.length < 2) return "";
  const few = claim.parts.find((part) => {
    const own = limits.filter(({ scenario }) => scenario === part);
    const alone = { claim: { ...claim, parts: [part] }, limits: own, notes: [] };
    return own.length > 0 && plannedSamples(alone, load).most === most;
  });
  return few === undefined ? " in each part" : ` of ${few}`;
}

function ofSize(bound: BoundClaim, f: Facts): string {
  const { claim } = bound;
  if (!Number.isFinite(f.least)) return "no number of samples proves it";
  if (claim.kind === "mean") {
    const seconds = Math.floor(loadMinutes(f.load) * 60);
    return seconds >= f.least ? "" : `${seconds} slices of 1 s, ${f.least} needed`;
  }
  if (f.most === null || f.most >= f.least) return "";
  return `${f.most} samples${whereFew(bound, f)} at most, ${f.least} needed: a perfect target could not pass`;
}
