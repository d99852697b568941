import type { TargetManifest } from "../plan/manifest.ts";
import { streamUnder, targetsOf, underTarget } from "../plan/targets.ts";
import type { Exchange, ProbeClient } from "../probes/client.ts";
import type { Need, Probe, ProbeFinding } from "../probes/probe.ts";
import { reproduce } from "../probes/reproduce.ts";
import { probes } from "../probes/table.ts";
import { modelUntold, openClient } from "./preflight-stage.ts";
import { sayWaits } from "./say-waits.ts";
import { type Stage, type StageContext, type TargetContext, targetContexts } from "./stage.ts";
import { untilReached } from "./until-reached.ts";

function exchangeData(exchange: Exchange): Record<string, unknown> {
  return {
    status: exchange.status,
    fault: exchange.fault,
    headers: exchange.headers,
    bodyBytes: exchange.bodyBytes,
    durationMs: Math.round(exchange.durationMs * 1000) / 1000,
  };
}

function missingNeed(probe: Probe, context: TargetContext): Need | undefined {
  return probe.needs.find((need) => context.preflight.contract[need] === "missing");
}

/** Names of a probe's claim and stream on this target. */
function namesOf({ target }: TargetContext, probe: Probe) {
  const { key } = target;
  return { id: underTarget(key, probe.id), stream: streamUnder(key, `probe.${probe.id}`) };
}

/** The target as a remedy names it. */
function nameOf(key: string | null, { name, url }: TargetManifest): string {
  const known = key ?? name;
  return known === undefined || known === url ? url : `${known} ${url}`;
}

function recordFinding(context: TargetContext, probe: Probe, finding: ProbeFinding): void {
  const { recorder } = context;
  const { exchange } = finding;
  const { key, manifest } = context.target;
  const { owner } = manifest;
  const { id, stream } = namesOf(context, probe);
  const digest = recorder.artifact(exchange.body);
  const command = reproduce(exchange, manifest.apiKeyEnv);
  const data = {
    stream,
    part: finding.part,
    ok: finding.ok,
    seen: finding.seen,
    reproduce: command,
    answer: exchangeData(exchange),
    bodyDigest: digest,
  };
  const shared = { by: `probe.${probe.id}`, claims: [id], refs: [digest] };
  recorder.append({ ...shared, kind: "observation", data });
  if (finding.ok) return;
  const answer = `${exchange.status ?? exchange.fault ?? "no answer"}`;
  recorder.append({
    ...shared,
    kind: "finding",
    data: {
      fingerprint: `${id}:${finding.part}`,
      severity: "high",
      title: `${id}: ${finding.seen}`,
      impact: probe.claim(manifest).rationale,
      remedy: `Make this true of ${nameOf(key, manifest)}: ${probe.claim(manifest).statement}.`,
      raw: `HTTP ${answer}\n${exchange.body.subarray(0, 2048).toString("utf8")}`,
      reproduce: command,
      ...(owner === undefined ? {} : { owner }),
    },
  });
}

/** A route the plan requires and the target lacks is our plan's error; an optional one a skip. */
function recordMissing(context: TargetContext, probe: Probe, need: Need): void {
  const { id } = namesOf(context, probe);
  const claim = context.plan.claims.find((one) => one.id === id);
  const sentence = `The target has no ${need} route, so ${probe.id} asked nothing.`;
  for (const part of claim?.parts ?? ["all"]) {
    const data = claim?.required
      ? { part, reason: "probe_contract", sentence }
      : { part, reason: "capability_missing", sentence };
    const kind = claim?.required ? "check.error" : "skip";
    context.recorder.append({ kind, by: `probe.${probe.id}`, claims: [id], data });
  }
}

/** Parts of which every bad finding is an answer of the target's rate limit: nothing was judged. */
function limitedParts(findings: readonly ProbeFinding[]): ReadonlySet<string> {
  const bad = findings.filter(({ ok }) => !ok);
  const isLimited = ({ exchange }: ProbeFinding): boolean => exchange.status === 429;
  const judged = new Set(bad.filter((one) => !isLimited(one)).map(({ part }) => part));
  return new Set(bad.map(({ part }) => part).filter((part) => !judged.has(part)));
}

function recordLimited(context: TargetContext, probe: Probe, part: string): void {
  const sentence = `The target's rate limit answered (HTTP 429), so ${probe.id} saw nothing else.`;
  const data = { part, reason: "not_run", sentence, remedy: "a key with a higher rate limit" };
  const { id } = namesOf(context, probe);
  context.recorder.append({ kind: "skip", by: `probe.${probe.id}`, claims: [id], data });
}

/** The model is the target's own choice: where its limit kept the list, nobody knows what to ask for. */
function lacksModel(probe: Probe, { preflight, target }: TargetContext): boolean {
  if (!preflight.isModelUntold) return false;
  const isOwn = target.manifest.embeddingsModel !== undefined;
  return probe.needs.some((need) => need === "chat" || (need === "embeddings" && !isOwn));
}

function recordUntold(context: TargetContext, probe: Probe): void {
  const { id } = namesOf(context, probe);
  const claim = context.plan.claims.find((one) => one.id === id);
  const sentence = `${modelUntold}, so ${probe.id} asked nothing.`;
  for (const part of claim?.parts ?? ["all"]) {
    const data = { part, reason: "not_run", sentence };
    context.recorder.append({ kind: "skip", by: `probe.${probe.id}`, claims: [id], data });
  }
}

/** What the probe saw; null when no attempt reached the target. Each that did not is recorded. */
function findingsOf(
  context: TargetContext,
  probe: Probe,
  client: ProbeClient,
): Promise<readonly ProbeFinding[] | null> {
  const { recorder, deps, plan } = context;
  const { signal } = deps;
  const { model } = context.preflight;
  const { id } = namesOf(context, probe);
  const target = context.target.manifest;
  return untilReached(() => probe.run({ client, target, model, signal }), {
    retries: plan.retries,
    onFault(fault, attempt) {
      const sentence = `This machine could not open a connection (${fault}), so nothing was sent.`;
      const data = { reason: "crashed", sentence, attempt };
      const by = `probe.${probe.id}`;
      recorder.append({ kind: "check.error", by, claims: [id], data });
    },
  });
}

async function runProbe(context: TargetContext, probe: Probe): Promise<void> {
  const need = missingNeed(probe, context);
  if (need !== undefined) {
    recordMissing(context, probe, need);
    return;
  }
  if (lacksModel(probe, context)) {
    recordUntold(context, probe);
    return;
  }
  const { recorder, deps } = context;
  const { id, stream } = namesOf(context, probe);
  const by = `probe.${probe.id}`;
  const client = openClient(context);
  try {
    const findings = await findingsOf(context, probe, client);
    if (findings === null) return;
    const limited = limitedParts(findings);
    for (const part of limited) recordLimited(context, probe, part);
    for (const finding of findings) {
      if (!limited.has(finding.part)) recordFinding(context, probe, finding);
    }
    for (const part of new Set(findings.map((finding) => finding.part))) {
      if (limited.has(part)) continue;
      recorder.append({
        kind: "sample.closed",
        by,
        claims: [id],
        data: { stream, part },
      });
    }
  } catch (error) {
    if (deps.signal.aborted) throw error;
    const sentence = `The probe broke: ${error instanceof Error ? error.message : String(error)}`;
    const data = { reason: "crashed", sentence };
    recorder.append({ kind: "check.error", by, claims: [id], data });
  } finally {
    client.close();
  }
}

/** A probe that is answered takes about this. */
const plannedMsEach = 250;

/** How long one target may keep the probes, ms: its part of a tenth of what the plan announces. */
export function probeMsMax({ plan, stages }: Pick<StageContext, "plan" | "stages">): number {
  const tenthMs = (plan.budgetMinutes * 60_000) / 10;
  return Math.max(probes.length * plannedMsEach, tenthMs / targetsOf(stages).length);
}

/** What the target's slowness left no time for. */
function recordLate(context: TargetContext, probe: Probe): void {
  const { id } = namesOf(context, probe);
  const { key } = context.target;
  const claim = context.plan.claims.find((one) => one.id === id);
  const seconds = Math.round(probeMsMax(context) / 1000);
  const share = key === null ? "a tenth" : "its part of a tenth";
  const sentence = `${key ?? "The target"} kept the probes for ${seconds} s, ${share} of the plan's minutes, before ${probe.id}.`;
  for (const part of claim?.parts ?? ["all"]) {
    const data = { part, reason: "over_budget", sentence };
    context.recorder.append({ kind: "skip", by: `probe.${probe.id}`, claims: [id], data });
  }
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
    await sayWaits(clock, say, () => runProbe(context, probe));
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
