/** The only place that makes a verdict. */
import type { EvidenceRecord } from "./evidence/record.ts";
import { formatDuration, formatNumber, formatRatio } from "./figure.ts";
import type { SeenGuard } from "./fold/decide-part.ts";
import { type ClaimContext, foldClaim } from "./fold/fold-claim.ts";
import { hasDemands, withDemands } from "./fold/demands.ts";
import type { Judged } from "./fold/join.ts";
import {
  countClaims,
  decideOutcome,
  describeFalseAlarm,
  describeOutcome,
  exitCodes,
} from "./fold/outcome.ts";
import { type Data, isData, readGuard } from "./fold/read-data.ts";
import { changedWithin, readIdentity } from "./identity.ts";
import { type RunPlan, targetName } from "./plan/run-plan.ts";
import type { ClaimVerdict, VerdictDocument } from "./report-model.ts";
import { unavailabilityNotExcluded } from "./statistics/sampling.ts";
import {
  isWaivedAmongSeveral,
  layDispositions,
  type WaiverReport,
  waiverText,
} from "./waiver/lay-over.ts";

/** Changes whenever equal evidence may give another document. */
export const foldVersion = "4";
/** What a fold added changes no document of a run without it, so those stay of the fold before. */
const foldsBefore = ["2", "3"] as const;

const newKinds: ReadonlySet<string> = new Set(["zero_loss", "time_availability", "window_slo"]);

/** The oldest fold that gives this document for this plan, and for what its targets told. */
export function foldVersionOf(plan: RunPlan, identity: readonly unknown[] = []): string {
  if (identity.length > 0 || hasDemands(plan) || isWaivedAmongSeveral(plan)) return foldVersion;
  const isOfThird =
    plan.maxAgeMs !== undefined ||
    plan.retries !== undefined ||
    plan.claims.some(({ kind, mode }) => newKinds.has(kind) || mode !== undefined);
  return foldsBefore[isOfThird ? 1 : 0];
}

/** More statements of what is not proven are counted, not listed. */
export const limitsListedMax = 50;

export interface FoldOptions {
  readonly chainHead: string;
  readonly planDigest: string;
  /** UTC; used only when there is no record to take the time from. */
  readonly now: string;
}

interface Log {
  readonly run: string;
  readonly records: readonly EvidenceRecord[];
  readonly rejected: number;
  readonly started: EvidenceRecord | undefined;
  readonly closed: EvidenceRecord | undefined;
  readonly guards: readonly EvidenceRecord[];
  readonly notes: readonly EvidenceRecord[];
  /** Those that say what they do not prove. */
  readonly frank: readonly EvidenceRecord[];
}

/** The usual case, a log read from its file, needs no copy. */
function isInOrder(records: readonly EvidenceRecord[]): boolean {
  let before = -1;
  for (const { seq } of records) {
    if (seq <= before) return false;
    before = seq;
  }
  return true;
}

function sortOnce(all: readonly EvidenceRecord[]): readonly EvidenceRecord[] {
  const once = [...new Map(all.map((record) => [record.hash, record])).values()];
  return once.sort((a, b) => a.seq - b.seq);
}

/** Order and duplicates do not matter; records of another run do not count. */
function readLog(all: readonly EvidenceRecord[]): Log {
  const sorted = isInOrder(all) ? all : sortOnce(all);
  const run = (sorted.find(({ kind }) => kind === "run.started") ?? sorted[0])?.run ?? "";
  const records = sorted.every((record) => record.run === run)
    ? sorted
    : sorted.filter((record) => record.run === run);
  const guards: EvidenceRecord[] = [];
  const notes: EvidenceRecord[] = [];
  const frank: EvidenceRecord[] = [];
  let started: EvidenceRecord | undefined;
  let closed: EvidenceRecord | undefined;
  for (const record of records) {
    if (record.kind === "guard") guards.push(record);
    else if (record.kind === "note") notes.push(record);
    else if (record.kind === "run.started") started ??= record;
    else if (record.kind === "run.closed") closed ??= record;
    if (record.doesNotProve.length > 0) frank.push(record);
  }
  const rejected = sorted.length - records.length;
  return { run, records, rejected, started, closed, guards, notes, frank };
}

function readGuards(log: Log): SeenGuard[] {
  return log.guards.map(readGuard).filter((guard) => guard !== null);
}

/** Doubts about the whole log, joined with every claim. */
function findDoubts(log: Log, o: FoldOptions): Judged[] {
  const doubts: Judged[] = [];
  const digest = log.started?.data["planDigest"];
  if (typeof digest === "string" && digest !== o.planDigest) {
    const sentence = "The run was started with another plan.";
    doubts.push({ verdict: "error", reason: "evidence", sentence });
  }
  const broken = log.guards.filter((record) => readGuard(record) === null);
  if (broken.length > 0) {
    const sentence = `${formatNumber(broken.length)} guard records are malformed.`;
    doubts.push({ verdict: "error", reason: "evidence", sentence });
  }
  return doubts;
}

function readTool(value: unknown): VerdictDocument["tools"][number] | null {
  if (!isData(value)) return null;
  const { id, found, detail } = value as Readonly<Record<"id" | "found" | "detail", unknown>>;
  if (typeof id !== "string" || typeof found !== "boolean") return null;
  return { id, found, detail: typeof detail === "string" ? detail : "" };
}

function readTools(log: Log): VerdictDocument["tools"] {
  const notes = log.notes.map(({ data }) => data["tool"]);
  return notes.map(readTool).filter((tool) => tool !== null);
}

const episodeMs = 30_000;

function describeWindow(durationMs: number): string {
  const ratio = formatRatio(unavailabilityNotExcluded(episodeMs, durationMs));
  const window = formatDuration(durationMs);
  return `Availability beyond this window of ${window}: outages of ${formatDuration(episodeMs)} that make up less than ${ratio} of the time are not excluded.`;
}

function listLimits(
  log: Log,
  claims: readonly ClaimVerdict[],
  o: { readonly durationMs: number; readonly changed: readonly string[] },
): string[] {
  const said = new Set<string>();
  if (claims.some(({ n }) => n > 0)) said.add(describeWindow(o.durationMs));
  for (const text of o.changed) said.add(text);
  const alarm = describeFalseAlarm(claims);
  if (alarm !== null) said.add(alarm);
  if (log.rejected > 0)
    said.add(`${formatNumber(log.rejected)} records of another run were refused.`);
  for (const record of log.frank) for (const text of record.doesNotProve) said.add(text);
  const all = [...said];
  if (all.length <= limitsListedMax) return all;
  const more = formatNumber(all.length - limitsListedMax);
  return [...all.slice(0, limitsListedMax), `${more} more, in the records.`];
}

function endsDone(log: Log): boolean {
  const data: Data = log.closed?.data ?? {};
  return data["reason"] === "done" && log.records.at(-1) === log.closed;
}

const sloKinds: ReadonlySet<string> = new Set([
  "proportion",
  "quantile",
  "zero_loss",
  "time_availability",
  "window_slo",
]);

function indexByClaim(log: Log): (id: string) => readonly EvidenceRecord[] {
  const byClaim = new Map<string, EvidenceRecord[]>();
  const forAll: EvidenceRecord[] = [];
  for (const record of log.records) {
    if (record.kind === "sample.closed" && record.claims.length === 0) forAll.push(record);
    for (const id of record.claims) {
      const list = byClaim.get(id);
      if (!list) byClaim.set(id, [record]);
      // A record may name a claim twice.
      else if (list.at(-1) !== record) list.push(record);
    }
  }
  return (id) => [...(byClaim.get(id) ?? []), ...forAll].sort((a, b) => a.seq - b.seq);
}

function timesOf(log: Log, now: string) {
  const [first, last] = [log.records[0], log.records.at(-1)];
  return {
    startedAt: log.started?.at ?? first?.at ?? now,
    endedAt: last?.at ?? now,
    durationMs: Math.max(0, (last?.mono ?? 0) - (first?.mono ?? 0)),
  };
}

/** Every claim from its evidence, then what the plan accepts laid over it. */
function foldClaims(
  plan: RunPlan,
  log: Log,
  o: { context: ClaimContext; startedAt: string; endedAt: string },
): { claims: readonly ClaimVerdict[]; waivers: WaiverReport | undefined } {
  const recordsOf = indexByClaim(log);
  const folded = plan.claims.map((claim) => foldClaim(claim, recordsOf(claim.id), o.context));
  const streams = new Map(plan.claims.map(({ id, of }) => [id, of]));
  const { startedAt, endedAt } = o;
  const laid = layDispositions(folded, streams, { plan, startedAt, endedAt });
  return { claims: laid?.claims ?? folded, waivers: laid?.report };
}

/**
 * Folds the evidence of one run into its verdict. Pure: equal input gives equal output everywhere.
 * It trusts the records' hashes; `verifyBundle` checks them.
 */
export function fold(
  plan: RunPlan,
  records: readonly EvidenceRecord[],
  o: FoldOptions,
): VerdictDocument {
  const log = readLog(records);
  const { startedAt, endedAt, durationMs } = timesOf(log, o.now);
  const guards = readGuards(log);
  const context: ClaimContext = {
    facts: {
      endedAt,
      closedSeq: log.closed?.seq ?? null,
      planDigest: o.planDigest,
      ...(plan.maxAgeMs !== undefined && { maxAgeMs: plan.maxAgeMs }),
    },
    guards,
    retries: plan.retries,
    doubts: findDoubts(log, o),
  };
  const { claims, waivers } = foldClaims(plan, log, { context, startedAt, endedAt });
  const counts = countClaims(claims);
  const rules = { isClosed: endsDone(log), maxWaived: plan.maxWaived };
  const outcome = decideOutcome(claims, rules);
  const accepted = waiverText(waivers);
  const applicable = counts.required - counts.not_applicable;
  const slo = claims.filter(({ kind }) => sloKinds.has(kind));
  const identity = readIdentity(log.notes);
  return withDemands(plan, {
    schema: "loadline-verdict/v1",
    run: log.run,
    outcome,
    overall_status: outcome,
    slo_compliance: Object.fromEntries(slo.map(({ id, verdict }) => [id, verdict])),
    exitCode: exitCodes[outcome],
    sentence: describeOutcome(claims, outcome, { ...rules, accepted }),
    target: targetName(plan.target),
    profile: plan.profile,
    planDigest: o.planDigest,
    chainHead: o.chainHead,
    foldVersion: foldVersionOf(plan, identity),
    startedAt,
    endedAt,
    durationMs,
    claims,
    counts,
    coverage: applicable === 0 ? null : counts.decided / applicable,
    guards,
    tools: readTools(log),
    ...(waivers && { waivers }),
    ...(identity.length > 0 && { identity }),
    limits: listLimits(log, claims, { durationMs, changed: changedWithin(identity) }),
  });
}
