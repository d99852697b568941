import { parseHttpUrl } from "@loadline/kit/egress";
import { isLoopback } from "../load/index.ts";
import { targetsOf } from "../plan/targets.ts";
import type { ProbeClient } from "../probes/client.ts";
import { countShed, hostGuard } from "../probes/host-guard.ts";
import { type LoopWatch, watchLoop } from "../probes/loop-watch.ts";
import type { Need, Probe, ProbeFinding } from "../probes/probe.ts";
import { probes } from "../probes/table.ts";
import { modelUntold, openClient } from "./preflight-stage.ts";
import {
  namesOf,
  type NotAsked,
  recordCrash,
  recordFindings,
  recordNotAsked,
} from "./probe-records.ts";
import { sayWaits } from "./say-waits.ts";
import { type Stage, type StageContext, type TargetContext, targetContexts } from "./stage.ts";
import { untilReached } from "./until-reached.ts";

function missingNeed(probe: Probe, context: TargetContext): Need | undefined {
  return probe.needs.find((need) => context.preflight.contract[need] === "missing");
}

/** The model is the target's own choice: where its limit kept the list, nobody knows what to ask for. */
function lacksModel(probe: Probe, { preflight, target }: TargetContext): boolean {
  if (!preflight.isModelUntold) return false;
  const isOwn = target.manifest.embeddingsModel !== undefined;
  return probe.needs.some((need) => need === "chat" || (need === "embeddings" && !isOwn));
}

/** Why the probe is not to ask; null where it may. */
function whyNot(context: TargetContext, probe: Probe): NotAsked | null {
  const need = missingNeed(probe, context);
  if (need !== undefined) {
    const sentence = `The target has no ${need} route, so ${probe.id} asked nothing.`;
    const { id } = namesOf(context, probe);
    // A route the plan requires and the target lacks is our plan's error; an optional one a skip.
    return context.plan.claims.find((one) => one.id === id)?.required === true
      ? { kind: "check.error", reason: "probe_contract", sentence }
      : { kind: "skip", reason: "capability_missing", sentence };
  }
  if (!lacksModel(probe, context)) return null;
  return {
    kind: "skip",
    reason: "not_run",
    sentence: `${modelUntold}, so ${probe.id} asked nothing.`,
  };
}

/** Parts of which every bad finding is an answer of the target's rate limit: nothing was judged. */
function limitedParts(findings: readonly ProbeFinding[]): ReadonlySet<string> {
  const bad = findings.filter(({ ok }) => !ok);
  const isLimited = ({ exchange }: ProbeFinding): boolean => exchange.status === 429;
  const judged = new Set(bad.filter((one) => !isLimited(one)).map(({ part }) => part));
  return new Set(bad.map(({ part }) => part).filter((part) => !judged.has(part)));
}

/** What the probe saw; null when no attempt reached the target. Each that did not is recorded. */
function findingsOf(
  context: TargetContext,
  probe: Probe,
  client: ProbeClient,
): Promise<readonly ProbeFinding[] | null> {
  const { deps, plan } = context;
  const { signal } = deps;
  const { model } = context.preflight;
  const target = context.target.manifest;
  return untilReached(() => probe.run({ client, target, model, signal }), {
    retries: plan.retries,
    onFault(fault, attempt) {
      const sentence = `This machine could not open a connection (${fault}), so nothing was sent.`;
      recordCrash(context, probe, { sentence, attempt });
    },
  });
}

/** A server that was kept waiting sheds load for about as long after. */
const recentMs = 5_000;

/** Whether it asks for a model's work: what is refused to whoever asks for less is not load that is shed. */
const asksModel = ({ needs }: Probe): boolean =>
  needs.includes("chat") || needs.includes("embeddings");

/** Says whether the machine, and not the target, made what speaks against the claim. */
function recordHost(
  context: TargetContext,
  probe: Probe,
  o: { readonly findings: readonly ProbeFinding[]; readonly loopMaxMs: number },
): void {
  const { findings, loopMaxMs } = o;
  const isHere = isLoopback(parseHttpUrl(context.target.manifest.url).hostname);
  const guard = hostGuard.judge({ isHere, loopMaxMs, ...countShed(findings) });
  if (guard === null || !asksModel(probe)) return;
  const data = { ...guard, streams: [namesOf(context, probe).stream] };
  context.recorder.append({ kind: "guard", by: guard.guard, data });
}

/** What is written to the disk meanwhile keeps nobody but the prober waiting. */
function recordSeen(
  context: TargetContext,
  probe: Probe,
  o: { readonly findings: readonly ProbeFinding[]; readonly loopMaxMs: number },
): void {
  const { findings, loopMaxMs } = o;
  const limited = limitedParts(findings);
  const sentence = `The target's rate limit answered (HTTP 429), so ${probe.id} saw nothing else.`;
  const remedy = "a key with a higher rate limit";
  const kept = { kind: "skip", reason: "not_run", sentence, remedy } as const;
  recordNotAsked(context, probe, kept, [...limited]);
  const seen = findings.filter(({ part }) => !limited.has(part));
  recordHost(context, probe, { findings: seen, loopMaxMs });
  recordFindings(context, probe, seen);
}

async function runProbe(context: TargetContext, probe: Probe, watch: LoopWatch): Promise<void> {
  const why = whyNot(context, probe);
  if (why !== null) {
    recordNotAsked(context, probe, why);
    return;
  }
  const client = openClient(context);
  const sinceMs = context.deps.clock.monotonicMs() - recentMs;
  try {
    const findings = await findingsOf(context, probe, client);
    if (findings === null) return;
    const loopMaxMs = watch.longestMs(sinceMs);
    watch.own(() => recordSeen(context, probe, { findings, loopMaxMs }));
  } catch (error) {
    if (context.deps.signal.aborted) throw error;
    const said = error instanceof Error ? error.message : String(error);
    recordCrash(context, probe, { sentence: `The probe broke: ${said}` });
  } finally {
    client.close();
  }
}

/** A probe that is answered takes about this. */
const plannedMsEach = 250;

/** How long one target may keep the probes, ms: its part of a tenth of what the plan announces. */
function probeMsMax({ plan, stages }: Pick<StageContext, "plan" | "stages">): number {
  const tenthMs = (plan.budgetMinutes * 60_000) / 10;
  return Math.max(probes.length * plannedMsEach, tenthMs / targetsOf(stages).length);
}

/** What the target's slowness left no time for. */
function recordLate(context: TargetContext, probe: Probe): void {
  const { key } = context.target;
  const seconds = Math.round(probeMsMax(context) / 1000);
  const share = key === null ? "a tenth" : "its part of a tenth";
  const sentence = `${key ?? "The target"} kept the probes for ${seconds} s, ${share} of the plan's minutes, before ${probe.id}.`;
  recordNotAsked(context, probe, { kind: "skip", reason: "over_budget", sentence });
}

interface ProbeProgress {
  /** Of this target's probes. */
  readonly done: number;
  readonly spentMs: number;
  readonly waitedMs: number;
  /** Probes of the targets before and after this one. */
  readonly before: number;
  readonly after: number;
}

/** Shows the probe at work; where it waits, for how long, and what is left by the pace so far. */
function sayProbe(context: TargetContext, o: ProbeProgress): void {
  const { done, spentMs, waitedMs, before, after } = o;
  const { key } = context.target;
  const summary = `${key === null ? "" : `${key}: `}${probes[done]?.summary ?? ""}`;
  const waits = waitedMs === 0 ? "" : ` ${Math.round(waitedMs / 1000)} s so far`;
  const pace = Math.max(plannedMsEach, (spentMs + waitedMs) / (done + 1));
  const atMost = Math.max(0, probeMsMax(context) - spentMs - waitedMs);
  const leftMs = Math.min(atMost, pace * (probes.length - done)) + after * plannedMsEach;
  const total = before + probes.length + after;
  const text = `${summary}${waits}`;
  context.progress({ state: "running", done: before + done, total, text, leftMs });
}

/** All probes of one target, until its time is over. */
async function probeTarget(
  context: TargetContext,
  others: Pick<ProbeProgress, "before" | "after">,
): Promise<void> {
  const { clock } = context.deps;
  const startedMs = clock.monotonicMs();
  using watch = watchLoop(clock);
  for (const [done, probe] of probes.entries()) {
    if (context.before.closed.has(namesOf(context, probe).stream)) continue;
    const spentMs = clock.monotonicMs() - startedMs;
    if (spentMs >= probeMsMax(context)) {
      recordLate(context, probe);
      continue;
    }
    const say = (waitedMs: number): void => {
      sayProbe(context, { ...others, done, spentMs, waitedMs });
    };
    say(0);
    await sayWaits(clock, say, () => runProbe(context, probe, watch));
  }
}

export const probeStage: Stage = {
  id: "probe",
  resume: "parts",
  feeds: "probe.",
  plannedMs: (stages) => targetsOf(stages).length * probes.length * plannedMsEach,
  async run(context) {
    const each = targetContexts(context);
    for (const [at, one] of each.entries()) {
      const before = at * probes.length;
      await probeTarget(one, { before, after: (each.length - 1 - at) * probes.length });
    }
  },
};
