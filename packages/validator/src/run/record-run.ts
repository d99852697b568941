import { availableParallelism } from "node:os";
import { planDigest as digestOf, planFileText, type RunPlan, targetName } from "@loadline/contract";
import { earlierRuns } from "../evidence/earlier-runs.ts";
import { createRecorder, type Recorder } from "../evidence/recorder.ts";
import { createRedactor } from "../evidence/redact.ts";
import { makeRunDirectory, runName, writeWhole } from "../evidence/run-directory.ts";
import { sha256 } from "../evidence/sha256.ts";
import { closeRun } from "./close-run.ts";
import type { ValidationDeps, ValidationResult } from "./types.ts";

const planYaml = "plan.yaml";

/** What observes; it never decides. */
export type RunBody = (run: string, recorder: Recorder) => Promise<void>;

function openRecorder(
  plan: RunPlan,
  deps: ValidationDeps,
  o: { run: string; runDir: string; planDigest: string },
): Recorder {
  const own = deps.apiKey === undefined ? [] : [deps.apiKey];
  const secrets = [...own, ...(deps.stackSecrets?.values() ?? [])];
  return createRecorder({
    ...o,
    target: targetName(plan.target),
    toolVersion: deps.toolVersion,
    clock: deps.clock,
    redactor: createRedactor(secrets, deps.random.bytes(32)),
  });
}

/**
 * One run directory: plan, evidence of `body`, closing record, fold, bundle, views. `body` reports
 * the target's faults as evidence; what it throws ends the run. @throws LL_RUN_DIRECTORY.
 */
export async function recordRun(
  plan: RunPlan,
  deps: ValidationDeps,
  body: RunBody,
): Promise<ValidationResult> {
  const run = runName(deps.clock, deps.random);
  const runDir = makeRunDirectory(deps.runsDir, run);
  const planDigest = digestOf(plan, sha256);
  writeWhole(runDir, "plan.json", planFileText(plan));
  if (deps.planText !== undefined) writeWhole(runDir, planYaml, deps.planText);
  const recorder = openRecorder(plan, deps, { run, runDir, planDigest });
  try {
    const { platform, versions } = process;
    const facts = { node: versions.node, cpus: availableParallelism(), platform };
    const again = deps.reproduce === undefined ? {} : { reproduce: deps.reproduce };
    const started = { planDigest, toolVersion: deps.toolVersion, ...facts, ...again };
    recorder.append({ kind: "run.started", by: "run", data: started });
    const earlier = earlierRuns(deps.runsDir, { except: run, target: targetName(plan.target) });
    if (earlier.length > 0) recorder.append({ kind: "note", by: "run", data: { earlier } });
    await body(run, recorder);
    const reason = deps.signal.aborted ? "cancelled" : "done";
    recorder.append({ kind: "run.closed", by: "run", data: { reason } });
    recorder.sync();
    const closed = closeRun({ plan, planDigest, run, runDir, recorder, deps });
    const exitCode = deps.signal.aborted ? 130 : closed.verdict.exitCode;
    return { run, runDir, exitCode, ...closed };
  } finally {
    recorder.close();
  }
}
