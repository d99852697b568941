import type { TargetManifest } from "../plan/manifest.ts";
import { streamUnder, underTarget } from "../plan/targets.ts";
import type { Exchange } from "../probes/client.ts";
import type { Probe, ProbeFinding } from "../probes/probe.ts";
import { reproduce } from "../probes/reproduce.ts";
import type { TargetContext } from "./stage.ts";

/** Names of a probe on this target: of its claim, of its stream, and of itself. */
export function namesOf({ target }: Pick<TargetContext, "target">, probe: Pick<Probe, "id">) {
  const { key } = target;
  const stream = streamUnder(key, `probe.${probe.id}`);
  return { id: underTarget(key, probe.id), stream, by: `probe.${probe.id}` };
}

/** Why a part of a probe's claim was not looked at, one sentence; what would change that. */
export interface NotAsked {
  readonly kind: "skip" | "check.error";
  readonly reason: string;
  readonly sentence: string;
  readonly remedy?: string;
}

/** Leaves these parts of the probe's claim without a verdict of their own; default all of them. */
export function recordNotAsked(
  context: TargetContext,
  probe: Probe,
  { kind, ...why }: NotAsked,
  parts?: readonly string[],
): void {
  const { id, by } = namesOf(context, probe);
  const declared = context.plan.claims.find((one) => one.id === id)?.parts ?? ["all"];
  for (const part of parts ?? declared) {
    context.recorder.append({ kind, by, claims: [id], data: { part, ...why } });
  }
}

/** The check broke, so nothing was seen; `attempt` where it is tried again, the first is 1. */
export function recordCrash(
  context: TargetContext,
  probe: Probe,
  o: { readonly sentence: string; readonly attempt?: number },
): void {
  const { id, by } = namesOf(context, probe);
  const data = { reason: "crashed", ...o };
  context.recorder.append({ kind: "check.error", by, claims: [id], data });
}

/** Records what was seen of each part, and closes the parts. */
export function recordFindings(
  context: TargetContext,
  probe: Probe,
  findings: readonly ProbeFinding[],
): void {
  const { id, stream, by } = namesOf(context, probe);
  for (const finding of findings) recordFinding(context, probe, finding);
  for (const part of new Set(findings.map((finding) => finding.part))) {
    context.recorder.append({ kind: "sample.closed", by, claims: [id], data: { stream, part } });
  }
}

function recordFinding(context: TargetContext, probe: Probe, finding: ProbeFinding): void {
  const { recorder } = context;
  const { exchange } = finding;
  const { key, manifest } = context.target;
  const { owner } = manifest;
  const { id, stream, by } = namesOf(context, probe);
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
  const shared = { by, claims: [id], refs: [digest] };
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
      raw: recorder.excerpt(`HTTP ${answer}\n${exchange.body.toString("utf8")}`),
      reproduce: command,
      ...(owner === undefined ? {} : { owner }),
    },
  });
}

function exchangeData(exchange: Exchange): Record<string, unknown> {
  return {
    status: exchange.status,
    fault: exchange.fault,
    headers: exchange.headers,
    bodyBytes: exchange.bodyBytes,
    durationMs: Math.round(exchange.durationMs * 1000) / 1000,
  };
}

/** The target as a remedy names it. */
function nameOf(key: string | null, { name, url }: TargetManifest): string {
  const known = key ?? name;
  return known === undefined || known === url ? url : `${known} ${url}`;
}
