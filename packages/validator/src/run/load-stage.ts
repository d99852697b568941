import type { LiveFrame, LoadPlan, LoadRecord } from "../load/index.ts";
import { runLoad, shortSamples } from "../load/index.ts";
import { loadClaims } from "../plan/load-claims.ts";
import { buildLoadPlan, gracefulStopMs } from "./load-plan.ts";
import { recordPlain } from "./plain-records.ts";
import type { Stage, StageContext } from "./stage.ts";

const by = "load";

function frameText(frame: LiveFrame): string {
  const p99 = frame.p99Ms === null ? "" : `, p99 ${Math.round(frame.p99Ms)} ms`;
  return `${frame.due} due, ${frame.ok} ok, ${frame.bad} bad, ${frame.inFlight} in flight${p99}`;
}

function showFrame(context: StageContext, frame: LiveFrame): void {
  const total = frame.elapsedMs + frame.leftMs;
  context.progress({
    state: "running",
    done: Math.round(frame.elapsedMs),
    total: Math.round(total),
    text: frameText(frame),
    leftMs: frame.leftMs,
  });
}

/** Puts what the engine says into the evidence; its words are kept, nothing is judged here. */
function recordLoad(context: StageContext, record: LoadRecord): void {
  const { recorder } = context;
  if (recordPlain(recorder, record)) return;
  switch (record.type) {
    case "frame":
      showFrame(context, record.frame);
      return;
    case "guard":
      recorder.append({ kind: "guard", by: record.guard.guard, data: { ...record.guard } });
      return;
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
    default:
      recorder.append({ kind: "note", by, data: { ...record } });
  }
}

/** A missing chat route says nothing of the target's speed: no load is sent. */
function recordMissing(context: StageContext): void {
  const sentence = "The target has no chat route, so no load was sent.";
  for (const { claim } of loadClaims(context.stages.load, context.plan.confidence)) {
    const data = { reason: "probe_contract", sentence };
    context.recorder.append({ kind: "check.error", by, claims: [claim.id], data });
  }
}

function loadPlanOf(context: StageContext): LoadPlan {
  const { deps, plan, stages, preflight } = context;
  return buildLoadPlan(stages, {
    baseUrl: plan.target.baseUrl,
    model: preflight.model,
    confidence: plan.confidence,
    ...(deps.apiKey === undefined ? {} : { apiKey: deps.apiKey }),
  });
}

export const loadStage: Stage = {
  id: "load",
  // Counts are told at the end: a load that went badly and was stopped would be judged on another try.
  resume: "never",
  feeds: "load.",
  plannedMs: ({ load }) => (load.warmupSeconds + load.durationSeconds) * 1000 + gracefulStopMs / 8,
  async run(context) {
    if (context.preflight.contract.chat === "missing") {
      recordMissing(context);
      return;
    }
    const { deps } = context;
    const records = runLoad(loadPlanOf(context), {
      clock: deps.clock,
      signal: deps.signal,
      ...(deps.loadEngine === undefined ? {} : { engine: deps.loadEngine }),
    });
    for await (const record of records) recordLoad(context, record);
  },
};
