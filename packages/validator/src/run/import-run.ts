import { Buffer } from "node:buffer";
import {
  type Claim,
  type GuardObservation,
  type RecordData,
  type RunPlan,
  formatDuration,
} from "@loadline/contract";
import type { Recorder } from "../evidence/recorder.ts";
import { exportedClaims, type PlanClaims } from "../load/interop/exported-claims.ts";
import type { ForeignFile, ForeignRun } from "../load/interop/foreign.ts";
import {
  type ForeignClaim,
  foreignClaims,
  type ForeignThresholdSpec,
} from "../load/interop/foreign-claims.ts";
import type { ForeignSample } from "../load/interop/samples.ts";
import { recordRun } from "./record-run.ts";
import type { ValidationDeps, ValidationResult } from "./types.ts";

const by = "load.import";
const budgetMinutes = 1;
/** The least limit an exported script counts against: lateness of that size decides claims. */
const lagMsMax = 20;

export interface ImportJob {
  readonly run: ForeignRun;
  readonly files: readonly ForeignFile[];
  /** When the results were measured, UTC; taken when they do not say it themselves. */
  readonly modifiedAt: string;
  /** Empty: the thresholds the tool itself was given. */
  readonly thresholds: readonly ForeignThresholdSpec[];
  /** The plan that an exported script counted for. */
  readonly exported?: PlanClaims;
  /** Pods whose results there must be. */
  readonly scriptsExpected?: number;
  /** The plan says `accept: imported`. */
  readonly accepts: boolean;
  readonly confidence: number;
  /** Older results are stale, ms; absent: 24 h. */
  readonly maxAgeMs?: number;
  readonly target?: string;
  /** How the tool was run, when Loadline ran it. */
  readonly driven?: Readonly<Record<string, unknown>>;
  /** The tool is not on this machine, one sentence: every claim is `not_tested(tool_missing)`. */
  readonly toolMissing?: string;
}

/**
 * Turns another tool's results into a run of their own: claims, evidence marked as imported, fold,
 * bundle. Without `accepts` every claim ends `inconclusive(foreign)`: the figures are shown, what
 * they prove is not ours to say.
 */
export async function importRun(job: ImportJob, deps: ValidationDeps): Promise<ValidationResult> {
  const { run, accepts, confidence } = job;
  const specs =
    job.thresholds.length > 0
      ? job.thresholds
      : run.thresholds.map(({ selector, expression }) => ({ selector, threshold: expression }));
  const claims =
    run.exact !== undefined && job.exported !== undefined
      ? exportedClaims(run.exact, job.exported, accepts)
      : foreignClaims(run, specs, { confidence, accepts });
  const plan: RunPlan = {
    schema: "loadline-plan/v1",
    profile: "import",
    target: {
      name: job.target ?? `what ${run.tool} was sent to`,
      baseUrl: job.target ?? "http://unknown.invalid",
    },
    confidence,
    maxWaived: 0,
    budgetMinutes,
    ...(job.maxAgeMs !== undefined && { maxAgeMs: job.maxAgeMs }),
    claims: claims.map(({ claim }) => claim),
    stages: {},
  };
  return recordRun(plan, deps, (_, recorder) => {
    const refs = job.files.map(({ text }) => recorder.artifact(Buffer.from(text)));
    recordTool(recorder, job, refs);
    recordGuards(recorder, job, plan.claims);
    for (const claim of claims) recordClaim(recorder, claim, { job, refs });
    return Promise.resolve();
  });
}

function recordTool(recorder: Recorder, job: ImportJob, refs: readonly string[]): void {
  const { run } = job;
  const { tool, format, version, measuredAt, thresholds, failures, notes } = run;
  const detail = `${version ?? "unknown version"}, ${format}`;
  recorder.append({
    kind: "note",
    by,
    provenance: "imported",
    data: {
      tool: { id: tool, found: job.toolMissing === undefined, detail: job.toolMissing ?? detail },
      importedFrom: `${tool} ${detail}`,
      measuredAt: measuredAt ?? job.modifiedAt,
      // What the tool says of itself: shown, never believed.
      own: thresholds.map((row) => ({ ...row })),
      failures: failures.slice(0, 100).map((row) => ({ ...row })),
      files: job.files.map(({ name }) => name),
      ...(job.driven !== undefined && { driven: job.driven }),
    },
    refs,
    doesNotProve: [
      ...notes,
      `Anything about intended times: ${tool} stamps a request when it sends it.`,
    ],
  });
}

/** An exported script tells its own lateness; a pod without results leaves a hole. */
function recordGuards(
  recorder: Recorder,
  { run, scriptsExpected }: ImportJob,
  claims: readonly Claim[],
): void {
  if (run.exact === undefined) return;
  const { scripts, lagP99Ms } = run.exact;
  const append = (guard: Omit<GuardObservation, "streams">): void => {
    recorder.append({ kind: "guard", by: guard.guard, data: { ...guard, streams: ["*"] } });
  };
  if (scriptsExpected !== undefined) {
    append({
      guard: "guard.load.pods",
      invalidates: "both",
      // Kinds of a later fold would be malformed to a build of the fold that the document names.
      kinds: [...new Set(claims.map(({ kind }) => kind))],
      holds: scripts >= scriptsExpected,
      reason: "gaps",
      seen: `${scripts} of ${scriptsExpected} scripts left results.`,
    });
  }
  append({
    guard: "guard.load.pacer",
    // Lateness is in the counts: it makes a target look slower, never faster.
    invalidates: "fail",
    kinds: ["quantile"],
    holds: lagP99Ms === null || lagP99Ms <= lagMsMax,
    reason: "generator",
    seen: `Iterations of k6 began late by ${formatDuration(lagP99Ms ?? 0)} at p99, limit ${lagMsMax} ms.`,
  });
}

function recordClaim(
  recorder: Recorder,
  { claim, evidence }: ForeignClaim,
  o: { readonly job: ImportJob; readonly refs: readonly string[] },
): void {
  const { run, modifiedAt } = o.job;
  const named = {
    stream: claim.of,
    importedFrom: `${run.tool} (${run.format})`,
    measuredAt: run.measuredAt ?? modifiedAt,
  };
  const shared = { by, claims: [claim.id], provenance: "imported", refs: o.refs } as const;
  if (evidence.kind === "none") {
    const { toolMissing } = o.job;
    const reason = toolMissing === undefined ? "capability_missing" : "tool_missing";
    const data = { reason, sentence: toolMissing ?? evidence.sentence };
    recorder.append({ ...shared, kind: "skip", data });
    return;
  }
  for (const one of evidence.parts) {
    if ("ok" in one) {
      recorder.append({ ...shared, kind: "observation", data: { ...named, ...one } });
    } else {
      const { part, sample } = one;
      const data = { ...named, part, ...tallyData(sample), ...limitOf(claim) };
      recorder.append({ ...shared, kind: "sample.tally", data });
    }
  }
  for (const part of claim.parts) {
    recorder.append({ ...shared, kind: "sample.closed", data: { stream: claim.of, part } });
  }
}

const limitOf = ({ kind, limit }: Claim): { limitMs?: number } =>
  kind === "quantile" && limit !== undefined ? { limitMs: limit } : {};

function tallyData({ n, sure, possible, badBy, slices }: ForeignSample): RecordData {
  return {
    n,
    bad: sure,
    // Between the two bounds of what the figures allow: counted both ways.
    undefined: possible - sure,
    slices,
    sliceMs: slices.length > 0 ? 1000 : 0,
    badBy,
  };
}
