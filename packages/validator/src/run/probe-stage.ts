import { targetName } from "@loadline/contract";
import type { Exchange, ProbeClient } from "../probes/client.ts";
import type { Need, Probe, ProbeFinding } from "../probes/probe.ts";
import { reproduce } from "../probes/reproduce.ts";
import { probes } from "../probes/table.ts";
import { modelUntold, openClient } from "./preflight-stage.ts";
import type { Stage, StageContext } from "./stage.ts";
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

function missingNeed(probe: Probe, context: StageContext): Need | undefined {
  return probe.needs.find((need) => context.preflight.contract[need] === "missing");
}

function recordFinding(context: StageContext, probe: Probe, finding: ProbeFinding): void {
  const { recorder, stages } = context;
  const { exchange } = finding;
  const { owner } = stages.target;
  const digest = recorder.artifact(exchange.body);
  const command = reproduce(exchange, stages.target.apiKeyEnv);
  const data = {
    stream: `probe.${probe.id}`,
    part: finding.part,
    ok: finding.ok,
    seen: finding.seen,
    reproduce: command,
    answer: exchangeData(exchange),
    bodyDigest: digest,
  };
  const shared = { by: `probe.${probe.id}`, claims: [probe.id], refs: [digest] };
  recorder.append({ ...shared, kind: "observation", data });
  if (finding.ok) return;
  const answer = `${exchange.status ?? exchange.fault ?? "no answer"}`;
  recorder.append({
    ...shared,
    kind: "finding",
    data: {
      fingerprint: `${probe.id}:${finding.part}`,
      severity: "high",
      title: `${probe.id}: ${finding.seen}`,
      impact: probe.claim(stages.target).rationale,
      remedy: `Make this true of ${targetName(context.plan.target)}: ${probe.claim(stages.target).statement}.`,
      raw: `HTTP ${answer}\n${exchange.body.subarray(0, 2048).toString("utf8")}`,
      reproduce: command,
      ...(owner === undefined ? {} : { owner }),
    },
  });
}

/** A route the plan requires and the target lacks is our plan's error; an optional one a skip. */
function recordMissing(context: StageContext, probe: Probe, need: Need): void {
  const claim = context.plan.claims.find(({ id }) => id === probe.id);
  const sentence = `The target has no ${need} route, so ${probe.id} asked nothing.`;
  for (const part of claim?.parts ?? ["all"]) {
    const data = claim?.required
      ? { part, reason: "probe_contract", sentence }
      : { part, reason: "capability_missing", sentence };
    const kind = claim?.required ? "check.error" : "skip";
    context.recorder.append({ kind, by: `probe.${probe.id}`, claims: [probe.id], data });
  }
}

/** Parts of which every bad finding is an answer of the target's rate limit: nothing was judged. */
function limitedParts(findings: readonly ProbeFinding[]): ReadonlySet<string> {
  const bad = findings.filter(({ ok }) => !ok);
  const isLimited = ({ exchange }: ProbeFinding): boolean => exchange.status === 429;
  const judged = new Set(bad.filter((one) => !isLimited(one)).map(({ part }) => part));
  return new Set(bad.map(({ part }) => part).filter((part) => !judged.has(part)));
}

function recordLimited(context: StageContext, probe: Probe, part: string): void {
  const sentence = `The target's rate limit answered (HTTP 429), so ${probe.id} saw nothing else.`;
  const data = { part, reason: "not_run", sentence, remedy: "a key with a higher rate limit" };
  context.recorder.append({ kind: "skip", by: `probe.${probe.id}`, claims: [probe.id], data });
}

/** The model is the target's own choice: where its limit kept the list, nobody knows what to ask for. */
function lacksModel(probe: Probe, { preflight, stages }: StageContext): boolean {
  if (!preflight.isModelUntold) return false;
  const isOwn = stages.target.embeddingsModel !== undefined;
  return probe.needs.some((need) => need === "chat" || (need === "embeddings" && !isOwn));
}

function recordUntold(context: StageContext, probe: Probe): void {
  const claim = context.plan.claims.find(({ id }) => id === probe.id);
  const sentence = `${modelUntold}, so ${probe.id} asked nothing.`;
  for (const part of claim?.parts ?? ["all"]) {
    const data = { part, reason: "not_run", sentence };
    context.recorder.append({ kind: "skip", by: `probe.${probe.id}`, claims: [probe.id], data });
  }
}

/** What the probe saw; null when no attempt reached the target. Each that did not is recorded. */
function findingsOf(
  context: StageContext,
  probe: Probe,
  client: ProbeClient,
): Promise<readonly ProbeFinding[] | null> {
  const { recorder, deps, stages, plan } = context;
  const { signal } = deps;
  const { model } = context.preflight;
  return untilReached(() => probe.run({ client, target: stages.target, model, signal }), {
    retries: plan.retries,
    onFault(fault, attempt) {
      const sentence = `This machine could not open a connection (${fault}), so nothing was sent.`;
      const data = { reason: "crashed", sentence, attempt };
      const by = `probe.${probe.id}`;
      recorder.append({ kind: "check.error", by, claims: [probe.id], data });
    },
  });
}

async function runProbe(context: StageContext, probe: Probe): Promise<void> {
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
  const stream = `probe.${probe.id}`;
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
        by: stream,
        claims: [probe.id],
        data: { stream, part },
      });
    }
  } catch (error) {
    if (deps.signal.aborted) throw error;
    const sentence = `The probe broke: ${error instanceof Error ? error.message : String(error)}`;
    const data = { reason: "crashed", sentence };
    recorder.append({ kind: "check.error", by: stream, claims: [probe.id], data });
  } finally {
    client.close();
  }
}

export const probeStage: Stage = {
  id: "probe",
  resume: "parts",
  feeds: "probe.",
  plannedMs: () => probes.length * 250,
  async run(context) {
    const total = probes.length;
    for (const [done, probe] of probes.entries()) {
      const leftMs = (total - done) * 250;
      context.progress({ state: "running", done, total, text: probe.summary, leftMs });
      if (!context.before.closed.has(`probe.${probe.id}`)) await runProbe(context, probe);
    }
  },
};
