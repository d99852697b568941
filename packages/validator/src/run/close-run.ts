import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  buildManifest,
  buildReportModel,
  canonicalJson,
  fold,
  manifestText,
  planFileText,
  type RunPlan,
  type VerdictDocument,
} from "@loadline/contract";
import { isoTime } from "@loadline/kit/clock";
import type { Recorder } from "../evidence/recorder.ts";
import { writeWhole } from "../evidence/run-directory.ts";
import { sha256 } from "../evidence/sha256.ts";
import { renderViews } from "./render-views.ts";
import type { ReporterFailure, ValidationDeps } from "./types.ts";

/** Every file but those with a dot in front: what an operating system leaves is none of a bundle. */
function bundleFiles(runDir: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const entry of readdirSync(runDir, { recursive: true, withFileTypes: true })) {
    const full = join(entry.parentPath, entry.name);
    const path = full.slice(runDir.length + 1).replaceAll("\\", "/");
    if (!entry.isFile() || /(^|\/)\./.test(path)) continue;
    files.set(path, readFileSync(full));
  }
  return files;
}

export interface ClosedRun {
  readonly verdict: VerdictDocument;
  readonly reporterFailures: readonly ReporterFailure[];
}

/** Folds what is recorded, writes verdict and manifest, then renders the views. */
export function closeRun(o: {
  plan: RunPlan;
  planDigest: string;
  run: string;
  runDir: string;
  recorder: Recorder;
  deps: ValidationDeps;
}): ClosedRun {
  const { plan, recorder, deps, runDir, planDigest } = o;
  const verdict = fold(plan, recorder.records, {
    chainHead: recorder.head(),
    planDigest,
    now: isoTime(deps.clock),
  });
  writeWhole(runDir, "verdict.json", `${canonicalJson(verdict)}\n`);
  const manifest = buildManifest({
    run: o.run,
    toolVersion: deps.toolVersion,
    ...(deps.buildDigest !== undefined && { buildDigest: deps.buildDigest }),
    planDigest,
    recordCount: recorder.records.length,
    chainHead: recorder.head(),
    files: bundleFiles(runDir),
    digest: sha256,
  });
  writeWhole(runDir, "manifest.json", manifestText(manifest));
  const planText = deps.planText ?? planFileText(plan);
  const model = buildReportModel({ plan, planText, records: recorder.records, verdict });
  return { verdict, reporterFailures: renderViews(runDir, deps.reporters, model) };
}
