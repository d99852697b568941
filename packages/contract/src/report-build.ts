/** A pure view of a bundle: nothing reaches a report that is not in the evidence. */
import type { EvidenceRecord, Finding, LoadSlice } from "./evidence/record.ts";
import { originUnsigned } from "./evidence/origin.ts";
import { type Data, isCount, isData, isFiniteNumber, isTextList } from "./fold/read-data.ts";
import type { RunPlan } from "./plan/run-plan.ts";
import { readDetails } from "./load-details.ts";
import type {
  LoadDetails,
  LoadSeries,
  ReportModel,
  SendDelay,
  VerdictDocument,
} from "./report-model.ts";

export const reportRecordsMax = 5_000;
export const reportFindingsMax = 2_000;

export interface ReportInput {
  readonly plan: RunPlan;
  /** The plan file as given, shown verbatim. */
  readonly planText: string;
  readonly records: readonly EvidenceRecord[];
  readonly verdict: VerdictDocument;
  readonly artifacts?: ReadonlyMap<string, Uint8Array>;
  /** Default: the `earlier` note of the evidence, which alone renders the same in `verify`. */
  readonly earlier?: ReportModel["earlier"];
}

const severities = ["critical", "high", "medium", "low"] as const;

function isSlice(d: Data): boolean {
  const s = d as Readonly<Record<keyof LoadSlice, unknown>>;
  const counts = [s.slice, s.due, s.ok, s.bad, s.inFlight];
  return typeof s.scenario === "string" && counts.every(isCount) && isFiniteNumber(s.sliceMs);
}

interface Column {
  readonly seq: number;
  readonly value: LoadSlice;
}

type HeatCell = readonly [number, number, number];

function readHeat(value: unknown, slice: number): HeatCell[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((cell: unknown): HeatCell[] => {
    if (!Array.isArray(cell) || cell.length !== 2 || !cell.every(isFiniteNumber)) return [];
    const [edge, count] = cell;
    return edge === undefined || count === undefined ? [] : [[slice, edge, count]];
  });
}

function isTuple(value: unknown, width: number): boolean {
  if (!Array.isArray(value) || value.length !== width) return false;
  const [first, second, third] = value as readonly unknown[];
  return (
    isFiniteNumber(first) && isFiniteNumber(second) && (third == null || isFiniteNumber(third))
  );
}

interface Tail {
  readonly seq: number;
  readonly n: number | null;
  readonly percentiles: LoadSeries["percentiles"];
  readonly ttft: LoadSeries["ttft"];
  readonly delay: SendDelay | null;
}

const delayParts = ["pacer", "queue", "connect"] as const;
const delayTimes = ["responseMs", "serviceMs", "pacerMs", "queueMs", "connectMs"] as const;

function readDelay(value: unknown): SendDelay | null {
  if (!isData(value)) return null;
  const isWhole = delayTimes.every((name) => isFiniteNumber(value[name]));
  return isWhole && delayParts.some((part) => part === value["part"])
    ? (value as unknown as SendDelay)
    : null;
}

/** The `load` note of one scenario; rows of another shape are left out. */
function readTails(records: readonly EvidenceRecord[]): Map<string, Tail> {
  const tails = new Map<string, Tail>();
  for (const { kind, data, seq } of records) {
    const note = data["load"];
    if (kind !== "note" || !isData(note) || typeof note["scenario"] !== "string") continue;
    const rows = (value: unknown, width: number): unknown =>
      Array.isArray(value) ? value.filter((row) => isTuple(row, width)) : [];
    tails.set(note["scenario"], {
      seq,
      n: isCount(note["n"]) ? note["n"] : null,
      percentiles: rows(note["percentiles"], 3) as LoadSeries["percentiles"],
      ttft: rows(note["ttft"], 2) as LoadSeries["ttft"],
      delay: readDelay(note["delay"]),
    });
  }
  return tails;
}

/** What is told of a scenario beside its slices. */
interface Beside {
  readonly tail: Tail | undefined;
  readonly late: Late | undefined;
  readonly details: LoadDetails | undefined;
}

function buildOneSeries(
  scenario: string,
  columns: readonly Column[],
  { tail, late, details }: Beside,
): LoadSeries {
  const last = columns.reduce((most, { value }) => Math.max(most, value.slice), -1);
  const at = new Map(columns.map((column) => [column.value.slice, column.value]));
  const rows = Array.from({ length: last + 1 }, (_, index) => at.get(index));
  return {
    scenario,
    sliceMs: columns[0]?.value.sliceMs ?? 1_000,
    due: rows.map((row) => row?.due ?? 0),
    ok: rows.map((row, slice) => late?.get(slice)?.[0] ?? row?.ok ?? 0),
    bad: rows.map((row, slice) => late?.get(slice)?.[1] ?? row?.bad ?? 0),
    p99Ms: rows.map((row) => row?.p99Ms ?? null),
    maxMs: rows.map((row) => row?.maxMs ?? null),
    inFlight: rows.map((row) => row?.inFlight ?? 0),
    heat: columns.flatMap(({ value }) => readHeat(value.heat, value.slice)),
    ...(tail?.n != null && { n: tail.n }),
    percentiles: tail?.percentiles ?? [],
    ttft: tail?.ttft ?? [],
    ...(tail?.delay != null && { delay: tail.delay }),
    ...(details !== undefined && { details }),
    evidence: [...columns.map(({ seq }) => seq), ...(tail ? [tail.seq] : [])],
  };
}

type Late = ReadonlyMap<number, readonly [ok: number, bad: number]>;

/** Requests that ended after their slice had been told, by scenario; rows of another shape are left out. */
function readLate(records: readonly EvidenceRecord[]): ReadonlyMap<string, Late> {
  const late = new Map<string, Map<number, readonly [number, number]>>();
  for (const { kind, data } of records) {
    const note = data["late"];
    if (kind !== "note" || !isData(note) || typeof note["scenario"] !== "string") continue;
    const own = late.get(note["scenario"]) ?? new Map<number, readonly [number, number]>();
    const rows: readonly unknown[] = Array.isArray(note["slices"]) ? note["slices"] : [];
    for (const row of rows) {
      const [slice, ok, bad] = Array.isArray(row) ? (row as readonly unknown[]) : [];
      if (isCount(slice) && isCount(ok) && isCount(bad)) own.set(slice, [ok, bad]);
    }
    late.set(note["scenario"], own);
  }
  return late;
}

/** More slices than this in one series are cut: a day at one a second. */
const slicesMax = 86_400;

function buildLoad(records: readonly EvidenceRecord[]): LoadSeries[] {
  const tails = readTails(records);
  const byScenario = new Map<string, Column[]>([...tails.keys()].map((name) => [name, []]));
  for (const { kind, data, seq } of records) {
    if (kind !== "load.slice" || !isSlice(data)) continue;
    const value = data as unknown as LoadSlice;
    if (value.slice >= slicesMax) continue;
    const list = byScenario.get(value.scenario) ?? [];
    list.push({ seq, value });
    byScenario.set(value.scenario, list);
  }
  const names = [...byScenario.keys()].sort();
  const lates = readLate(records);
  const details = readDetails(records);
  return names.map((name) =>
    buildOneSeries(name, byScenario.get(name) ?? [], {
      tail: tails.get(name),
      late: lates.get(name),
      details: details.get(name),
    }),
  );
}

function readFinding(record: EvidenceRecord): ReportModel["findings"][number] | null {
  const d = record.data as Readonly<Record<keyof Finding, unknown>>;
  const severity = severities.find((name) => name === d.severity);
  if (typeof d.fingerprint !== "string" || typeof d.title !== "string" || !severity) return null;
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  return {
    fingerprint: d.fingerprint,
    severity,
    status: "open",
    owner: typeof d.owner === "string" ? d.owner : null,
    title: d.title,
    impact: text(d.impact),
    remedy: text(d.remedy),
    raw: text(d.raw),
    reproduce: isTextList(d.reproduce) ? d.reproduce : [],
    claims: record.claims,
    evidence: [record.seq],
  };
}

type ReportFinding = ReportModel["findings"][number];

/** The finding as it stands once waivers are laid over its claims. */
function disposed(finding: ReportFinding, { claims, waivers }: VerdictDocument): ReportFinding {
  const own = claims.filter(({ id }) => finding.claims.includes(id));
  const isAccepted = own.length > 0 && own.every(({ disposition }) => disposition === "waived");
  if (!isAccepted) return finding;
  const waiver = waivers?.applied.find(({ claim }) => finding.claims.includes(claim));
  return { ...finding, status: "accepted", owner: waiver?.owner ?? finding.owner };
}

/** One row per fingerprint, worst first; its records are joined. */
function buildFindings(
  records: readonly EvidenceRecord[],
  verdict: VerdictDocument,
): ReportModel["findings"] {
  const byPrint = new Map<string, ReportModel["findings"][number]>();
  for (const record of records) {
    const found = record.kind === "finding" ? readFinding(record) : null;
    if (!found) continue;
    const before = byPrint.get(found.fingerprint);
    const claims = [...new Set([...(before?.claims ?? []), ...found.claims])];
    const evidence = [...(before?.evidence ?? []), ...found.evidence];
    byPrint.set(found.fingerprint, { ...(before ?? found), claims, evidence });
  }
  const place = (f: ReportModel["findings"][number]): number => severities.indexOf(f.severity);
  const sorted = [...byPrint.values()].sort(
    (a, b) => place(a) - place(b) || (a.fingerprint < b.fingerprint ? -1 : 1),
  );
  return sorted.slice(0, reportFindingsMax).map((finding) => disposed(finding, verdict));
}

const outcomes = ["READY", "NOT_READY", "NOT_PROVEN"] as const;

function readEarlier(records: readonly EvidenceRecord[]): ReportModel["earlier"] {
  const notes = records.filter(({ kind }) => kind === "note").map(({ data }) => data["earlier"]);
  return notes.flat().flatMap((row): ReportModel["earlier"][number][] => {
    if (!isData(row)) return [];
    const { run, at, planDigest } = row as Readonly<Record<"run" | "at" | "planDigest", unknown>>;
    const outcome = outcomes.find((name) => name === row["outcome"]);
    if (typeof run !== "string" || typeof at !== "string" || !outcome) return [];
    return [{ run, outcome, at, planDigest: typeof planDigest === "string" ? planDigest : "" }];
  });
}

/** Records a verdict, part, guard, finding or series cites. */
function citedRecords(
  records: readonly EvidenceRecord[],
  verdict: VerdictDocument,
  others: readonly (readonly number[])[],
): readonly EvidenceRecord[] {
  const cited = new Set<number>(verdict.guards.map(({ seq }) => seq));
  for (const claim of verdict.claims) {
    for (const seq of claim.evidence) cited.add(seq);
    for (const part of claim.parts) for (const seq of part.evidence) cited.add(seq);
  }
  for (const list of others) for (const seq of list) cited.add(seq);
  const whole = new Set(["run.started", "run.closed", "skip", "check.error"]);
  const kept = records.filter((record) => cited.has(record.seq) || whole.has(record.kind));
  // A long load cites more than there is room for: how the run went and ended stays among them.
  let room = reportRecordsMax - kept.filter(({ kind }) => whole.has(kind)).length;
  return kept.filter(({ kind }) => whole.has(kind) || room-- > 0).slice(0, reportRecordsMax);
}

function reproduceCommand(plan: RunPlan, records: readonly EvidenceRecord[]): readonly string[] {
  const started = records.find(({ kind }) => kind === "run.started");
  const given = started?.data["reproduce"];
  if (isTextList(given) && given.length > 0) return given;
  if (isData(plan.stages["targets"])) return ["loadline", "validate", "--plan", "plan.yaml"];
  const target = plan.stages["target"];
  const keyName = isData(target) ? target["apiKeyEnv"] : undefined;
  const key = typeof keyName === "string" ? ["--api-key-env", keyName] : [];
  return ["loadline", "validate", "--target", plan.target.baseUrl, ...key];
}

/** Everything the renderers may show, made from the bundle alone. */
export function buildReportModel(o: ReportInput): ReportModel {
  const { plan, records, verdict } = o;
  const load = buildLoad(records);
  const findings = buildFindings(records, verdict);
  const shown = [...load.map((series) => series.evidence), ...findings.map((f) => f.evidence)];
  return {
    schema: "loadline-report/v1",
    verdict,
    plan: { claims: plan.claims, text: o.planText, digest: verdict.planDigest },
    load,
    records: citedRecords(records, verdict, shown),
    recordCount: records.length,
    findings,
    earlier: o.earlier ?? readEarlier(records),
    commands: {
      reproduce: reproduceCommand(plan, records),
      verify: ["loadline", "verify", verdict.run],
    },
    origin: originUnsigned,
  };
}
