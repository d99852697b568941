import { type Claim, formatDuration, formatNumber } from "@loadline/contract";
import type { LiveFrame, LoadPlan, LoadRecord } from "../load/index.ts";
import { runLoad, shortSamples } from "../load/index.ts";
import { loadClaims } from "../plan/load-claims.ts";
import { isLoadCounted } from "../own-claims/load-streams.ts";
import { type OwnLoad, recordOwn, watchedKinds } from "../own-claims/record-load.ts";
import type { PlanStages } from "../plan/stages.ts";
import { underTarget } from "../plan/targets.ts";
import { serviceStreams } from "../service-load/service-load.ts";
import { isTargetLoad } from "../target-load/names.ts";
import { targetLoads } from "../target-load/target-load.ts";
import { buildLoadPlan, gracefulStopMs } from "./load-plan.ts";
import { keepHistograms, keepNote, recordPlain } from "./plain-records.ts";
import { type NoSamples, recordNoSamples } from "./no-samples.ts";
import { modelUntold } from "./preflight-stage.ts";
import { loadService } from "./service-load-run.ts";
import { type Stage, type StageContext, type TargetContext, targetContexts } from "./stage.ts";
import { runTargetLoad } from "./target-load-run.ts";

const by = "load";
/** Times do not depend on it. */
const confidenceDefault = 0.95;

/** Names of the guards that do not hold now. */
const brokenOf = ({ guards = [] }: LiveFrame): string[] =>
  guards.filter(({ holds }) => !holds).map(({ guard }) => guard.replace(/^guard\.load\./, ""));

function frameText(frame: LiveFrame): string {
  const { due, ok, bad, inFlight, guards = [] } = frame;
  const counts = Object.entries({ due, ok, bad, "in flight": inFlight });
  const hold = guards.length > 0 && brokenOf(frame).length === 0 ? ["guards hold"] : [];
  return [...counts.map(([name, count]) => `${name} ${formatNumber(count)}`), ...hold].join("  ");
}

function frameDetail(frame: LiveFrame): string {
  const { p50Ms, p99Ms, maxMs, ttftP99Ms } = frame;
  const times = Object.entries({ p50: p50Ms, p99: p99Ms, max: maxMs, "TTFT p99": ttftP99Ms });
  const known = times.flatMap(([name, ms]) =>
    ms === null ? [] : [`${name} ${formatDuration(ms)}`],
  );
  const broken = brokenOf(frame);
  return [...known, ...(broken.length === 0 ? [] : [`broken ${broken.join(", ")}`])].join("  ");
}

const frameFigures = ({ due, ok, bad, inFlight, p99Ms }: LiveFrame) => ({
  due,
  ok,
  bad,
  inFlight,
  ...(p99Ms !== null && { p99Ms: Math.round(p99Ms) }),
});

/** Where what the engine says goes. */
type LoadSink = Pick<StageContext, "recorder" | "progress"> & {
  /** Claims of the plan's own; default none. */
  readonly own?: OwnLoad;
};

function showFrame(context: LoadSink, frame: LiveFrame): void {
  const total = frame.elapsedMs + frame.leftMs;
  context.progress({
    state: "running",
    done: Math.round(frame.elapsedMs),
    total: Math.round(total),
    text: frameText(frame),
    detail: frameDetail(frame),
    figures: frameFigures(frame),
    leftMs: frame.leftMs,
  });
}

/** Puts what the engine says into the evidence; its words are kept, nothing is judged here. */
export function recordLoad(context: LoadSink, record: LoadRecord): void {
  const { recorder, own } = context;
  if (recordPlain(recorder, record)) return;
  if (own !== undefined && recordOwn(recorder, record, own)) return;
  switch (record.type) {
    case "frame":
      showFrame(context, record.frame);
      return;
    case "guard": {
      const kinds = watchedKinds(record.guard.kinds, own?.claims ?? []);
      const data = { ...record.guard, kinds };
      recorder.append({ kind: "guard", by: record.guard.guard, data });
      return;
    }
    case "sample.tally": {
      const data = { ...record.tally };
      recorder.append({ kind: "sample.tally", by, claims: [record.claim], data });
      return;
    }
    case "sample.closed": {
      const data = { stream: record.stream, part: record.part };
      recorder.append({ kind: "sample.closed", by, claims: [record.claim], data });
      return;
    }
    case "samples":
      recorder.append({ kind: "note", by, data: { samples: shortSamples(record.samples) } });
      return;
    case "histograms":
      keepHistograms(recorder, record);
      return;
    default:
      keepNote(recorder, record);
  }
}

/** Why no load is sent, as it would say nothing of the target's speed; null where it is. */
function unsent({ preflight }: TargetContext): NoSamples | null {
  if (preflight.contract.chat === "missing") {
    const sentence = "The target has no chat route, so no load was sent.";
    return { kind: "check.error", data: { reason: "probe_contract", sentence } };
  }
  if (!preflight.isModelUntold) return null;
  const sentence = `${modelUntold}, so no load was sent.`;
  return { kind: "skip", data: { reason: "not_run", sentence } };
}

function recordWithout(context: TargetContext, why: NoSamples): void {
  const { key } = context.target;
  const builtIn = loadClaims(context.stages.load, context.plan.confidence);
  const own = ownOf(context).filter((claim) => isLoadCounted(claim, key));
  const named = builtIn.map(({ claim }) => ({ id: underTarget(key, claim.id) }));
  recordNoSamples(context.recorder, [...named, ...own], why);
}

/** Streams that are counted under the load of the plan's services. */
function loadedStreams({ loads, load, stack }: PlanStages): string[] {
  if (stack === undefined) return [];
  const terms = { load, secret: () => "" };
  return loads.flatMap((name) => serviceStreams(stack, name, terms).map(({ id }) => id));
}

/** Claims of the plan's own that nothing of its load is counted for: not tested, by name. */
function recordUncounted(context: StageContext): void {
  const keys = targetContexts(context).map(({ target }) => target.key);
  const counted = loadedStreams(context.stages);
  for (const claim of ownOf(context)) {
    if (!claim.of.startsWith("load.") || keys.some((key) => isLoadCounted(claim, key))) continue;
    if (counted.includes(claim.of)) continue;
    const sentence = `Nothing of this plan's load is counted as ${claim.of}.`;
    const data = { reason: "not_run", sentence };
    context.recorder.append({ kind: "skip", by, claims: [claim.id], data });
  }
}

/** The chat of a target among the names of what is loaded. */
const chatOf = ({ key }: TargetContext["target"]): string => underTarget(key, "chat");

function ownOf({ plan, stages }: StageContext): readonly Claim[] {
  return plan.claims.filter(({ id }) => stages.own.includes(id));
}

function loadPlanOf(context: TargetContext): LoadPlan {
  const { plan, stages, preflight, target, apiKey } = context;
  return buildLoadPlan(stages, {
    key: target.key,
    baseUrl: target.manifest.url,
    model: preflight.model,
    confidence: plan.confidence,
    own: ownOf(context),
    ...(apiKey === undefined ? {} : { apiKey }),
  });
}

export const loadStage: Stage = {
  id: "load",
  // Counts are told at the end: a load that went badly and was stopped would be judged on another try.
  resume: "never",
  feeds: "load.",
  plannedMs(stages) {
    const { load, loads } = stages;
    const steady = loads.filter((name) => !isTargetLoad(name)).length;
    const steadyMs = (load.warmupSeconds + load.durationSeconds) * 1000 + gracefulStopMs / 8;
    const others = targetLoads({ ...stages, confidence: confidenceDefault });
    return steady * steadyMs + others.reduce((sum, one) => sum + one.plannedMs, 0);
  },
  // One after another, so that what slows a service is not the load of the one beside it.
  async run(context) {
    recordUncounted(context);
    for (const name of context.stages.loads) {
      context.deps.signal.throwIfAborted();
      const one = targetContexts(context).find(({ target }) => chatOf(target) === name);
      const [first] = targetContexts(context);
      if (one !== undefined) await loadChat(one);
      else if (isTargetLoad(name)) {
        const chat = first === undefined ? null : { of: first, whyNot: unsent(first) };
        await runTargetLoad(context, name, chat);
      } else await loadService(context, name, (frame) => showFrame(context, frame));
    }
  },
};

/** A load that breaks is an error of this target's claims alone. */
async function loadChat(context: TargetContext): Promise<void> {
  const why = unsent(context);
  if (why !== null) {
    recordWithout(context, why);
    return;
  }
  try {
    await sendChat(context);
  } catch (error) {
    if (context.deps.signal.aborted) throw error;
    const said = error instanceof Error ? error.message : String(error);
    const sentence = `The load of ${chatOf(context.target)} broke: ${said}`;
    recordWithout(context, { kind: "check.error", data: { reason: "crashed", sentence } });
  }
}

async function sendChat(context: TargetContext): Promise<void> {
  const { deps } = context;
  const plan = { ...loadPlanOf(context), runId: context.run };
  const records = runLoad(plan, {
    clock: deps.clock,
    signal: deps.signal,
    ...(deps.loadEngine === undefined ? {} : { engine: deps.loadEngine }),
  });
  const own = { claims: ownOf(context), load: context.stages.load };
  const { recorder, progress } = context;
  for await (const record of records) recordLoad({ recorder, progress, own }, record);
}
