import { availableParallelism } from "node:os";
import { join } from "node:path";
import {
  type EvidenceRecord,
  planDigest as digestOf,
  planFileText,
  type RunPlan,
  targetName,
} from "@loadline/contract";
import { codeOf } from "@loadline/kit/errors";
import { earlierRuns } from "../evidence/earlier-runs.ts";
import { changedSince } from "../evidence/changed-checks.ts";
import { loosenedSince, newestLike } from "../evidence/loosened-since.ts";
import { createRecorder, type Recorder, type RecorderOptions } from "../evidence/recorder.ts";
import { createRedactor } from "../evidence/redact.ts";
import { roomOf } from "../evidence/room.ts";
import { makeRunDirectory, runName, writeWhole } from "../evidence/run-directory.ts";
import { sha256 } from "../evidence/sha256.ts";
import { citeSelftest } from "../selftest/cite.ts";
import { closeRun } from "./close-run.ts";
import { leaveRest } from "./leave-rest.ts";
import type { ValidationDeps, ValidationResult } from "./types.ts";

const planYaml = "plan.yaml";

/** A run that was interrupted, as it goes on under its own name in a folder of its own. */
export interface ResumedRun {
  readonly run: string;
  readonly folder: string;
  readonly records: readonly EvidenceRecord[];
  /** By digest. */
  readonly artifacts: ReadonlyMap<string, Uint8Array>;
  /** Said in the evidence where it goes on. */
  readonly says: Readonly<Record<string, unknown>>;
}

/** What observes; it never decides. */
export type RunBody = (run: string, recorder: Recorder) => Promise<void>;

function openRecorder(
  plan: RunPlan,
  deps: ValidationDeps,
  o: Pick<RecorderOptions, "run" | "runDir" | "planDigest" | "before" | "keptBytes">,
): Recorder {
  const own = deps.apiKey === undefined ? [] : [deps.apiKey];
  const others = [...(deps.apiKeys?.values() ?? []), ...(deps.stackSecrets?.values() ?? [])];
  const secrets = [...own, ...others];
  return createRecorder({
    ...o,
    target: targetName(plan.target),
    toolVersion: deps.toolVersion,
    clock: deps.clock,
    room: deps.room ?? roomOf(plan),
    redactor: createRedactor(secrets, deps.random.bytes(32)),
    ...(deps.checkDigests !== undefined && { checkDigests: deps.checkDigests }),
  });
}

/** The first records: what runs here, on what, and what was run before. */
function sayStart(
  plan: RunPlan,
  deps: ValidationDeps,
  o: { run: string; planDigest: string; recorder: Recorder; resumed?: ResumedRun },
): void {
  const { recorder, planDigest, resumed } = o;
  const { platform, versions } = process;
  const facts = { node: versions.node, cpus: availableParallelism(), platform };
  const again = deps.reproduce === undefined ? {} : { reproduce: deps.reproduce };
  // The plan file as it was given is fixed by the chain too.
  const given =
    deps.planText === undefined
      ? {}
      : { planFile: { name: planYaml, digest: sha256(Buffer.from(deps.planText)) } };
  const { toolVersion, buildDigest } = deps;
  const tool = { toolVersion, ...(buildDigest !== undefined && { buildDigest }) };
  const started = { planDigest, ...tool, ...facts, ...again, ...given };
  if (resumed === undefined) recorder.append({ kind: "run.started", by: "run", data: started });
  else recorder.append({ kind: "note", by: "run", data: { ...started, resumed: resumed.says } });
  if (deps.selftestDir !== undefined) {
    const selftest = citeSelftest(deps.selftestDir);
    recorder.append({ kind: "note", by: "run", data: { selftest } });
  }
  const found = earlierRuns(deps.runsDir, { except: o.run, target: targetName(plan.target) });
  if (found.length === 0) return;
  const like = newestLike(deps.runsDir, found, plan);
  const asked = { buildDigest: deps.buildDigest, checks: deps.checkDigests ?? new Map() };
  const doesNotProve =
    like === null ? [] : [...loosenedSince(like, plan), ...changedSince(deps.runsDir, like, asked)];
  const earlier = found.map(({ folder: _folder, ...row }) => row);
  recorder.append({ kind: "note", by: "run", data: { earlier }, doesNotProve });
}

/** A full bundle ends what observes, and not the run. */
async function observe(plan: RunPlan, recorder: Recorder, body: () => Promise<void>) {
  try {
    await body();
  } catch (error) {
    const isLimit = codeOf(error, "") === "LL_EVIDENCE_LIMIT";
    if (!isLimit || !recorder.isFull()) throw error;
    leaveRest(recorder, plan.claims, "the run");
  }
}

/**
 * One run directory: plan, evidence of `body`, closing record, fold, bundle, views. `body` reports
 * the target's faults as evidence; what it throws ends the run. @throws LL_RUN_DIRECTORY.
 */
export async function recordRun(
  plan: RunPlan,
  deps: ValidationDeps,
  body: RunBody,
  resumed?: ResumedRun,
): Promise<ValidationResult> {
  const run = resumed?.run ?? runName(deps.clock, deps.random);
  const runDir = makeRunDirectory(deps.runsDir, resumed?.folder ?? run);
  const planDigest = digestOf(plan, sha256);
  writeWhole(runDir, "plan.json", planFileText(plan));
  if (deps.planText !== undefined) writeWhole(runDir, planYaml, deps.planText);
  let keptBytes = 0;
  for (const [digest, bytes] of resumed?.artifacts ?? []) {
    writeWhole(join(runDir, "artifacts"), digest, bytes);
    keptBytes += bytes.length;
  }
  const before = resumed === undefined ? {} : { before: resumed.records, keptBytes };
  const recorder = openRecorder(plan, deps, { run, runDir, planDigest, ...before });
  try {
    sayStart(plan, deps, { run, planDigest, recorder, ...(resumed && { resumed }) });
    await observe(plan, recorder, () => body(run, recorder));
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
