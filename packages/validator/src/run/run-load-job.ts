import type { Claim, RunPlan } from "@loadline/contract";
import type { Recorder } from "../evidence/recorder.ts";
import { isRecord } from "../probes/shapes.ts";
import {
  type BoundJob,
  checkJob,
  growthClaims,
  type LiveFrame,
  LoadControl,
  jobMinutes,
  type LoadJob,
  type LoadPlan,
  type LoadRecord,
  runLoad,
  StopRule,
} from "../load/index.ts";
import { recordBottleneck } from "./bottleneck.ts";
import { leaveRest } from "./leave-rest.ts";
import { LoadEvidence } from "./load-evidence.ts";
import { checkLocalLimits } from "./local-limits.ts";
import { preflightLoad, type LoadPreflight } from "./load-preflight.ts";
import { modelUntold } from "./preflight-stage.ts";
import { stopCandidates } from "./stop-candidates.ts";
import { sendAb } from "./run-ab.ts";
import { recordGrowth } from "./memory-growth.ts";
import { aroundMs, startObserver } from "./observe.ts";
import { recordRun } from "./record-run.ts";
import type { ValidationDeps, ValidationResult } from "./types.ts";

/** What a load run needs beside a validation run's. */
export interface LoadRunDeps extends ValidationDeps {
  /** Twice a second. */
  onFrame?(frame: LiveFrame): void;
  /** What the engine says, as it says it. */
  onRecord?(record: LoadRecord): void;
  /** Said once, before load. */
  onWarning(line: string): void;
  readonly pacing?: "pacer" | "timer" | "precise";
  /** Changes users and rates while it runs; the first abort of `signal` drains through it. */
  readonly control?: LoadControl;
  /** What an abort of `signal` makes of the samples: closed as they are (default), or left open. */
  readonly interrupted?: "closed" | "open";
}

const by = "load";
/** Preflight, drains and reports, beside the load. */
const setupMinutes = 0.3;

/** The run plan of a load job: every claim is declared here, before anything is sent. */
export function loadRunPlan({ job, bound }: BoundJob): RunPlan {
  const { load } = job;
  const load2 = { ...load, limits: [] };
  return {
    schema: "loadline-plan/v1",
    profile: job.profile,
    target: { name: job.name, baseUrl: load.target.baseUrl },
    confidence: job.confidence,
    maxWaived: 3,
    budgetMinutes: Math.ceil(jobMinutes(job) + setupMinutes),
    claims: [...bound.map(({ claim }) => claim), ...growthOf(job)],
    stages: {
      target: {
        url: load.target.baseUrl,
        ...(job.apiKeyEnv === undefined ? {} : { apiKeyEnv: job.apiKeyEnv }),
      },
      load: {
        ...plainLoad(load2),
        waive: job.waive,
        explore: job.explore,
        ...(job.ab === undefined ? {} : { ab: job.ab, triples: job.triples }),
      },
      skip: [],
    },
  };
}

/** Growth of memory is shown, not decided, where the whole job only explores. */
function growthOf(job: LoadJob): Claim[] {
  const claims = growthClaims(job.observe ?? []);
  return job.explore ? claims.map((claim) => ({ ...claim, required: false })) : claims;
}

/** Of rows only how many; of headers only their names, whoever they are sent to. */
function plainValue(key: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return { bytes: value.byteLength };
  return key === "headers" && isRecord(value) ? Object.keys(value).sort() : value;
}

/** The plan as data of evidence: no secret, no header's value, of rows only how many. */
function plainLoad(load: LoadPlan): Record<string, unknown> {
  const { target, seed, scenarios, timeouts, connectionsMax } = load;
  const { apiKey: _key, keys, headers, ...open } = target;
  const plain: unknown = JSON.parse(
    JSON.stringify({ target: open, seed, scenarios, timeouts, connectionsMax }, plainValue),
  );
  const named = headers === undefined ? {} : { headerNames: Object.keys(headers).sort() };
  const others = keys === undefined ? {} : { keyNames: Object.keys(keys).sort() };
  return { ...(plain as Record<string, unknown>), ...named, ...others };
}

/**
 * Runs a load job as a validation run: preflight, load, fold, bundle, views. Never throws for the
 * target's fault. @throws LL_RUN_DIRECTORY, LL_LOAD_FD_LIMIT, LL_LOAD_PORTS and the codes of
 * {@link checkJob} before anything is sent.
 */
export async function runLoadJob(job: BoundJob, deps: LoadRunDeps): Promise<ValidationResult> {
  checkJob(job);
  checkLocalLimits(job.load);
  return recordRun(loadRunPlan(job), withSecrets(job, deps), async (run, recorder) => {
    recorder.append({ kind: "stage.started", by, data: { stage: by } });
    try {
      await runJobWithin(job, deps, { run, recorder });
    } catch (error) {
      if (!deps.signal.aborted) recordBroken(job, recorder, error);
    }
    recorder.append({ kind: "stage.ended", by, data: { stage: by } });
    const done = { stage: by, state: "done", done: 1, total: 1, text: "", leftMs: 0 } as const;
    deps.onProgress(done);
  });
}

/** Every key and secret of the plan is masked in what is written. */
function withSecrets({ load }: BoundJob, deps: LoadRunDeps): LoadRunDeps {
  const own = [...Object.entries(load.target.keys ?? {}), ...Object.entries(load.secrets ?? {})];
  if (own.length === 0) return deps;
  return { ...deps, stackSecrets: new Map([...(deps.stackSecrets ?? []), ...own]) };
}

function recordBroken(job: BoundJob, recorder: Recorder, error: unknown): void {
  if (recorder.isFull()) return leaveRest(recorder, loadRunPlan(job).claims, by);
  const why = error instanceof Error ? error.message : String(error);
  for (const { claim } of job.bound) {
    const data = { reason: "crashed", sentence: `The load broke: ${why}` };
    recorder.append({ kind: "check.error", by, claims: [claim.id], data });
  }
  recorder.append({ kind: "note", by, data: { stageBroke: by, why } });
}

interface Place {
  readonly run: string;
  readonly recorder: Recorder;
}

/**
 * A load job as a part of a run: preflight and load, with the target's side sampled before, during
 * and after; what that saw supports no claim but those on its growth.
 */
export async function runJobWithin(job: BoundJob, deps: LoadRunDeps, place: Place): Promise<void> {
  const specs = job.job.observe ?? [];
  if (specs.length === 0) return observe(job, deps, place);
  const { clock, signal } = deps;
  const allowHosts = job.load.target.allowHosts ?? [];
  const plannedMs = jobMinutes(job.job) * 60_000 + 2 * aroundMs;
  const { target } = job.load;
  const shared = { clock, signal, run: place.run, allowHosts, target };
  const observer = startObserver(specs, { ...shared, plannedMs });
  // The only rejection is the stop itself.
  const wait = (): Promise<void> => clock.sleep(aroundMs, signal).catch(() => undefined);
  try {
    await wait();
    await observe(job, deps, place);
    await wait();
  } finally {
    const observed = await observer.stop();
    if (!signal.aborted) {
      recordGrowth(specs, observed, place.recorder);
      recordBottleneck(job, observed, place.recorder);
    }
    for (const series of observed) {
      const digest = place.recorder.artifact(Buffer.from(JSON.stringify(series)));
      const { samples, ...figures } = series;
      const data = { observed: { ...figures, samples: samples.length } };
      place.recorder.append({ kind: "note", by, data, refs: [digest] });
    }
  }
}

async function observe(job: BoundJob, deps: LoadRunDeps, place: Place): Promise<void> {
  const { recorder, run } = place;
  const { seen, downs } = await preflightSides(job, deps, run);
  for (const down of downs) {
    deps.onWarning(down);
    recorder.append({ kind: "note", by, data: { event: down } });
  }
  if (seen.model !== null) recorder.append({ kind: "note", by, data: { model: seen.model } });
  if (job.notes.length > 0) recorder.append({ kind: "note", by, data: { lint: job.notes } });
  if (seen.isModelUntold) return recordUntold(job, recorder);
  if (seen.missing.length > 0) return recordMissing(job, seen, recorder);
  const ready = { ...job, load: { ...seen.load, runId: run } };
  if (job.job.ab !== undefined) await sendAb(ready, deps, recorder);
  else await send(ready, deps, recorder);
}

interface Sides {
  /** What was asked of the target; of an A/B run with the routes that either side lacks. */
  readonly seen: LoadPreflight;
  /** A line for each side that nothing listens at. */
  readonly downs: readonly string[];
}

/** An A/B run asks both sides, the second for the model of the first. */
async function preflightSides(job: BoundJob, deps: LoadRunDeps, run: string): Promise<Sides> {
  const { load } = job;
  const { ab } = job.job;
  const first = await preflightLoad(load, deps, run);
  const downOf = ({ down }: LoadPreflight): string[] => (down === null ? [] : [down]);
  if (ab === undefined || first.isModelUntold) return { seen: first, downs: downOf(first) };
  const target = { ...first.load.target, baseUrl: ab };
  const second = await preflightLoad({ ...first.load, target }, deps, run);
  const missing = [
    ...first.missing.map((name) => `${name} at ${load.target.baseUrl}`),
    ...second.missing.map((name) => `${name} at ${ab}`),
  ];
  return { seen: { ...first, missing }, downs: [...downOf(first), ...downOf(second)] };
}

/** A missing route says nothing of the target's speed: no load is sent. */
function recordMissing(job: BoundJob, seen: LoadPreflight, recorder: Recorder): void {
  const names = seen.missing.join(", ");
  const sentence = `The target lacks the route of ${names}, so no load was sent.`;
  for (const { claim } of job.bound) {
    const data = { reason: "probe_contract", sentence };
    recorder.append({ kind: "check.error", by, claims: [claim.id], data });
  }
}

/** Load for a model that nobody knows says nothing of the target's speed either. */
function recordUntold(job: BoundJob, recorder: Recorder): void {
  const sentence = `${modelUntold}, so no load was sent.`;
  for (const { claim } of job.bound) {
    const data = { reason: "not_run", sentence };
    recorder.append({ kind: "skip", by, claims: [claim.id], data });
  }
}

async function send(job: BoundJob, deps: LoadRunDeps, recorder: Recorder): Promise<void> {
  const evidence = new LoadEvidence(job, recorder);
  const control = deps.control ?? new LoadControl();
  const isCutOff = deps.interrupted === "open";
  const onAbort = (): void => {
    if (!isCutOff) control.drain();
  };
  if (deps.signal.aborted) onAbort();
  deps.signal.addEventListener("abort", onAbort, { once: true });
  let isStopped = false;
  const pacing = deps.pacing ?? job.job.pacing;
  const rule = new StopRule(stopCandidates(job));
  const records = runLoad(job.load, {
    clock: deps.clock,
    control,
    ...(isCutOff && { signal: deps.signal }),
    ...(deps.loadEngine === undefined ? {} : { engine: deps.loadEngine }),
    ...(pacing === undefined ? {} : { pacing }),
  });
  for await (const record of records) {
    deps.onRecord?.(record);
    if (record.type === "frame") showFrame(deps, record.frame);
    if (record.type === "look" && !isStopped) {
      const stop = rule.look(record.elapsedMs, record.tallies, record.underWay);
      if (stop !== null) {
        isStopped = true;
        evidence.stopped(stop);
        control.drain();
      }
    }
    evidence.add(record);
  }
  deps.signal.removeEventListener("abort", onAbort);
}

function showFrame(deps: LoadRunDeps, frame: LiveFrame): void {
  deps.onFrame?.(frame);
  const p99 = frame.p99Ms === null ? "" : `, p99 ${Math.round(frame.p99Ms)} ms`;
  deps.onProgress({
    stage: by,
    state: "running",
    done: Math.round(frame.elapsedMs),
    total: Math.round(frame.elapsedMs + frame.leftMs),
    text: `${frame.due} due, ${frame.ok} ok, ${frame.bad} bad, ${frame.inFlight} in flight${p99}`,
    leftMs: frame.leftMs,
  });
}
