import { Buffer } from "node:buffer";
import type { RunPlan } from "@loadline/contract";
import type { Recorder } from "../evidence/recorder.ts";
import type { ForeignFile, ForeignRun } from "../load/interop/foreign.ts";
import {
  type ForeignClaim,
  foreignClaims,
  type ForeignThresholdSpec,
} from "../load/interop/foreign-claims.ts";
import { recordRun } from "./record-run.ts";
import type { ValidationDeps, ValidationResult } from "./types.ts";

const by = "load.import";
const budgetMinutes = 1;

export interface ImportJob {
  readonly run: ForeignRun;
  readonly files: readonly ForeignFile[];
  /** When the results were measured, UTC; taken when they do not say it themselves. */
  readonly modifiedAt: string;
  /** Empty: the thresholds the tool itself was given. */
  readonly thresholds: readonly ForeignThresholdSpec[];
  /** The plan says `accept: imported`. */
  readonly accepts: boolean;
  readonly confidence: number;
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
  const claims = foreignClaims(run, specs, { confidence, accepts });
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
    claims: claims.map(({ claim }) => claim),
    stages: {},
  };
  return recordRun(plan, deps, (_, recorder) => {
    const refs = job.files.map(({ text }) => recorder.artifact(Buffer.from(text)));
    recordTool(recorder, job, refs);
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

function recordClaim(
  recorder: Recorder,
  { claim, evidence }: ForeignClaim,
  o: { readonly job: ImportJob; readonly refs: readonly string[] },
): void {
  const { run, modifiedAt } = o.job;
  const named = {
    stream: claim.of,
    part: "all",
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
  if (evidence.kind === "observation") {
    const { ok, seen } = evidence;
    recorder.append({ ...shared, kind: "observation", data: { ...named, ok, seen } });
  } else {
    const { n, sure, possible, badBy, slices } = evidence.sample;
    const data = {
      ...named,
      n,
      bad: sure,
      // Between the two bounds of what the figures allow: counted both ways.
      undefined: possible - sure,
      slices,
      sliceMs: slices.length > 0 ? 1000 : 0,
      badBy,
      ...(claim.limit !== undefined && { limitMs: claim.limit }),
    };
    recorder.append({ ...shared, kind: "sample.tally", data });
  }
  const data = { stream: claim.of, part: "all" };
  recorder.append({ ...shared, kind: "sample.closed", data });
}
