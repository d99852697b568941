/** Validate, as a library: `runValidation(plan, deps)` turns a target into recorded evidence. */
export { loadKnownKeys, loadSigners } from "./attestation/keys.ts";
export { signApproval, signRun } from "./attestation/sign-run.ts";
export { validatorErrors } from "./errors.ts";
export { histogramExtractor } from "./evidence/histogram-counts.ts";
export { readBundle } from "./evidence/read-bundle.ts";
export { readReportModel, reRender } from "./evidence/re-render.ts";
export { readStoredRun } from "./evidence/stored-run.ts";
export { sha256 } from "./evidence/sha256.ts";
export {
  bindJob,
  checkJob,
  findProfile,
  heldByClaims,
  jobOfFile,
  checkComparable,
  identityOf,
  jobOfProfile,
  LoadControl,
  jobMinutes,
  loadPlanRows,
  loadProfiles,
  peakOf,
  manifestWithSecrets,
  profileManifestSchema,
  readLoadFile,
  runLoad,
} from "./load/index.ts";
export type {
  BoundJob,
  GuardWaiver,
  LiveFrame,
  LoadJob,
  LoadPlanRow,
  ThresholdSpec,
} from "./load/index.ts";
export { type Edit, editableOf, type LiveServer, startLiveServer } from "./live/index.ts";
export { parseYaml } from "./plan/yaml-problems.ts";
export { judgeStoredRun, type LaterRow, readLaterAsk } from "./run/judge-later.ts";
export { loadRunPlan, runLoadJob } from "./run/run-load-job.ts";
export type { LoadRunDeps } from "./run/run-load-job.ts";
export type { LoadDeps, LoadPlan, LoadRecord } from "./load/index.ts";
export {
  absentRun,
  boundClaimsOf,
  type Driven,
  type DrivenTool,
  type DriveJob,
  driveOperator,
  driveTool,
  exportK6,
  type ForeignFile,
  type ForeignRun,
  type ImportPlan,
  type K6Export,
  k6OperatorManifest,
  noImportPlan,
  operatorName,
  readForeign,
  readImportPlan,
} from "./load/interop/index.ts";
export { type ComposeImport, importCompose } from "./stack/compose/import.ts";
export { type ComposeProject, composeProject } from "./stack/compose/project.ts";
export { edgeGaps } from "./stack/edge-gaps.ts";
export { readStackSecrets, type StackSources } from "./stack/secrets.ts";
export { stackSchema } from "./stack/manifest.ts";
export { stackProbes } from "./stack/table.ts";
export { planStreams } from "./own-claims/streams.ts";
export { isTargetLoad } from "./target-load/names.ts";
export { buildPlan, fullPlan, planRates, quickPlan } from "./plan/build-plan.ts";
export type { QuickPlanOptions } from "./plan/build-plan.ts";
export { loadPlanFile, parsePlanFile } from "./plan/load-plan-file.ts";
export type { PlanFileResult } from "./plan/load-plan-file.ts";
export { loadGates } from "./plan/gates.ts";
export { loadWaivers } from "./plan/waivers.ts";
export type { PlanProblem } from "./plan/yaml-problems.ts";
export { planFileSchema, stageNames } from "./plan/manifest.ts";
export type { PlanFile, TargetManifest } from "./plan/manifest.ts";
export { readStages } from "./plan/stages.ts";
export { targetsOf } from "./plan/targets.ts";
export type { Probe } from "./probes/probe.ts";
export { probes } from "./probes/table.ts";
export { shellLine } from "@loadline/contract";
export { checklistText } from "./reporters/checklist.ts";
export { textReporters } from "./reporters/table.ts";
export { type ImportJob, importRun } from "./run/import-run.ts";
export { type BudgetRow, checkBudget, planBudget, type RunBudget } from "./run/budget.ts";
export { planOfRun, signingOfRun } from "./run/resume.ts";
export { resumeValidation, runValidation } from "./run/run-validation.ts";
export type {
  Progress,
  Reporter,
  ReporterFailure,
  ValidationDeps,
  ValidationResult,
} from "./run/types.ts";
export { listSelftest, runSelftest } from "./selftest/run-selftest.ts";
export type { SelftestResult, SelftestRow } from "./selftest/run-selftest.ts";
export { readSloText, type SloForm } from "./slo/read-slo-text.ts";
export { openSloText, sloFiles, sloRulesText, yamlText } from "./slo/slo-files.ts";
