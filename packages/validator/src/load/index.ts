/**
 * The load engine: sends a written-down amount of traffic at written-down times and records what
 * came back. It observes and never decides; claims and verdicts are contract's.
 *
 * ```ts
 * for await (const record of runLoad(plan, { clock, signal })) write(record);
 * ```
 */
export { loadErrors } from "./errors.ts";
export { growthClaims, growthStream } from "./growth-claims.ts";
export { connectionsMaxDefault } from "./engine/workers.ts";
export { checkJob } from "./check-job.ts";
export { bindJob } from "./job.ts";
export { judgeRounds, kneeText } from "./guards/rounds.ts";
export type { BoundJob, GuardWaiver, LoadJob, ObserveSpec } from "./job.ts";
export { arms, blockMs, gapMs, interleave } from "./compare/interleave.ts";
export type { AbBlock, Arm } from "./compare/interleave.ts";
export { checkComparable, identityOf } from "./compare/stored.ts";
export type { RunIdentity } from "./compare/stored.ts";
export { findProfile, loadProfiles } from "./profiles/index.ts";
export { jobOfProfile } from "./profiles/job-of-profile.ts";
export { profileManifestSchema } from "./profiles/manifest.ts";
export { memoryOf } from "./profiles/soak.ts";
export { resources } from "./profiles/resources.ts";
export type { Resource } from "./profiles/resources.ts";
export { manifestWithSecrets } from "./profiles/manifest-secrets.ts";
export { jobOfFile } from "./job-of-file.ts";
export { durationOf } from "./plan/duration.ts";
export { heldByClaims } from "./plan/ladder-hold.ts";
export { isLoopback } from "./plan/loopback.ts";
export { peakOf } from "./plan/peak.ts";
export { compare } from "./thresholds/compare.ts";
export { jobMinutes, loadPlanRows } from "./plan-rows.ts";
export type { LoadPlanRow } from "./plan-rows.ts";
export { LoadControl } from "./engine/load-control.ts";
export { shortSamples } from "./record/samples.ts";
export { scheduledMs } from "./schedule/hash.ts";
export { admittedBy } from "./schedule/limiter.ts";
export { runLoad } from "./run-load.ts";
export type { TraceFormat } from "./schedule/trace-formats.ts";
export type { BoundClaim, FigureRule, ThresholdSpec } from "./thresholds/bound-claim.ts";
export type { FigureSeries } from "./record/figures.ts";
export { StopRule } from "./thresholds/stop-rule.ts";
export type { EarlyStop, StopCandidate } from "./thresholds/stop-rule.ts";
export type * from "./types.ts";
export { readLoadFile } from "./plan/read-load-file.ts";
export type { CompileDeps, LoadFile, ThresholdFile } from "./plan/compile.ts";
