/** What changed between two runs, and where the two cannot be compared. */
import type { Claim } from "./claim.ts";
import { canonicalJson } from "./evidence/canonical-json.ts";
import type { EvidenceRecord } from "./evidence/record.ts";
import { formatInterval, formatObserved, formatValue } from "./figure.ts";
import type { RunPlan } from "./plan/run-plan.ts";
import type { ClaimVerdict, VerdictDocument } from "./report-model.ts";
import { type Disposition, type ReasonCode, type Verdict, verdictOrder } from "./verdict.ts";

/** One stored run, as read from its bundle. */
export interface DiffSide {
  readonly plan: RunPlan;
  readonly records: readonly EvidenceRecord[];
  readonly verdict: VerdictDocument;
}

/** The figures of a claim in one run. */
export interface ClaimSide {
  readonly verdict: Verdict;
  readonly reason?: ReasonCode;
  readonly disposition?: Disposition;
  readonly n: number;
  readonly observed: string;
  readonly interval: string;
}

export const changes = ["worse", "better", "new", "gone", "unchanged"] as const;

export interface ClaimDiff {
  readonly claim: string;
  readonly change: (typeof changes)[number];
  readonly a: ClaimSide | null;
  readonly b: ClaimSide | null;
  /** Why the two do not measure the same; empty when they do. */
  readonly broken: readonly string[];
}

/** A promise that asks less than before. */
export interface Loosened {
  readonly claim: string;
  readonly what: string;
  readonly from: string;
  readonly to: string;
}

/** A check that is not the one of the other run. */
export interface ChangedCheck {
  readonly check: string;
  readonly from: string;
  readonly to: string;
}

export interface RunDiff {
  readonly a: string;
  readonly b: string;
  readonly samePlan: boolean;
  readonly sameTarget: boolean;
  readonly sameMachine: boolean;
  readonly outcome: {
    readonly a: VerdictDocument["outcome"];
    readonly b: VerdictDocument["outcome"];
  };
  readonly claims: readonly ClaimDiff[];
  readonly loosened: readonly Loosened[];
  readonly changedChecks: readonly ChangedCheck[];
}

function sideOf(claim: ClaimVerdict | undefined): ClaimSide | null {
  if (!claim) return null;
  const { verdict, reason, disposition, n } = claim;
  return {
    verdict,
    ...(reason !== undefined && { reason }),
    ...(disposition !== undefined && { disposition }),
    n,
    observed: formatObserved(claim),
    interval: claim.interval === null ? "" : formatInterval(claim.interval),
  };
}

const rank = (verdict: Verdict): number => verdictOrder.indexOf(verdict);

function changeOf(a: ClaimSide | null, b: ClaimSide | null): ClaimDiff["change"] {
  if (a === null) return "new";
  if (b === null) return "gone";
  if (a.verdict === b.verdict) return "unchanged";
  return rank(b.verdict) < rank(a.verdict) ? "worse" : "better";
}

const limitText = (claim: Claim): string =>
  claim.limit === undefined ? "-" : formatValue(claim.limit, claim.unit ?? "");
const targetText = (claim: Claim): string =>
  claim.target === undefined ? "-" : formatValue(claim.target, "ratio");

/** What the later plan asks less of than the earlier one. */
function loosenedIn(a: Claim, b: Claim | undefined): Loosened[] {
  const found = (what: string, from: string, to: string): Loosened[] => [
    { claim: a.id, what, from, to },
  ];
  if (!b) return a.required ? found("claim", "required", "removed") : [];
  const isLower = (x: number | undefined, y: number | undefined): boolean =>
    x !== undefined && (y === undefined || y < x);
  const isLimit = a.limit !== undefined && b.limit !== undefined && a.limit !== b.limit;
  const wider = isLimit && (a.side === "above" ? b.limit < a.limit : b.limit > a.limit);
  const parts = [...a.parts, ...(a.items ?? [])].filter(
    (part) => !b.parts.includes(part) && b.items?.includes(part) !== true,
  );
  return [
    ...(a.required && !b.required ? found("claim", "required", "optional") : []),
    ...(isLower(a.target, b.target) ? found("target", targetText(a), targetText(b)) : []),
    ...(wider ? found("limit", limitText(a), limitText(b)) : []),
    ...(b.confidence < a.confidence
      ? found("confidence", String(a.confidence), String(b.confidence))
      : []),
    ...(isLower(a.min, b.min) ? found("min", String(a.min), String(b.min ?? 1)) : []),
    ...(parts.length > 0 ? found("parts", parts.join(", "), "removed") : []),
    ...(a.accept === undefined && b.accept !== undefined ? found("evidence", "own", b.accept) : []),
  ];
}

/** Every check that recorded something, by id: its version and digest. */
function checksOf(records: readonly EvidenceRecord[]): ReadonlyMap<string, string> {
  const checks = new Map<string, string>();
  for (const { by } of records) {
    checks.set(by.id, by.digest === "" ? `version ${by.version}` : by.digest);
  }
  return checks;
}

function changedChecks(a: DiffSide, b: DiffSide): ChangedCheck[] {
  const [before, after] = [checksOf(a.records), checksOf(b.records)];
  return [...before].flatMap(([check, from]) => {
    const to = after.get(check);
    return to === undefined || to === from ? [] : [{ check, from, to }];
  });
}

function streamsOf(side: DiffSide): ReadonlyMap<string, ReadonlySet<string>> {
  const byClaim = new Map<string, Set<string>>();
  for (const { claims, by } of side.records) {
    for (const id of claims) byClaim.set(id, (byClaim.get(id) ?? new Set()).add(by.id));
  }
  return byClaim;
}

function machineOf(side: DiffSide): string {
  const data = side.records.find(({ kind }) => kind === "run.started")?.data ?? {};
  const { node, cpus, platform } = data as Readonly<Record<"node" | "cpus" | "platform", unknown>>;
  return canonicalJson([String(node), String(cpus), String(platform)]);
}

/** Everything `b` does differently from `a`. Pure; the order is that of the plans. */
export function diffRuns(a: DiffSide, b: DiffSide): RunDiff {
  const [plansA, plansB] = [a, b].map((s) => new Map(s.plan.claims.map((c) => [c.id, c])));
  const sameTarget = a.verdict.target === b.verdict.target;
  const checks = changedChecks(a, b);
  const changed = new Set(checks.map(({ check }) => check));
  const [seenA, seenB] = [streamsOf(a), streamsOf(b)];
  const ids = [...new Set([...a.verdict.claims, ...b.verdict.claims].map(({ id }) => id))];
  const claims = ids.map((claim): ClaimDiff => {
    const [left, right] = [plansA?.get(claim), plansB?.get(claim)];
    const [x, y] = [a, b].map((s) => sideOf(s.verdict.claims.find(({ id }) => id === claim)));
    const used = [...(seenA.get(claim) ?? []), ...(seenB.get(claim) ?? [])];
    const broken: string[] = [];
    if (!sameTarget) broken.push("another target");
    if (left && right && left.statement !== right.statement) broken.push("another statement");
    if (left && right && (left.limit !== right.limit || left.target !== right.target)) {
      broken.push("another limit");
    }
    if (used.some((check) => changed.has(check))) broken.push("another check");
    return { claim, change: changeOf(x ?? null, y ?? null), a: x ?? null, b: y ?? null, broken };
  });
  return {
    a: a.verdict.run,
    b: b.verdict.run,
    samePlan: a.verdict.planDigest === b.verdict.planDigest,
    sameTarget,
    sameMachine: machineOf(a) === machineOf(b),
    outcome: { a: a.verdict.outcome, b: b.verdict.outcome },
    claims,
    loosened: a.plan.claims.flatMap((claim) => loosenedIn(claim, plansB?.get(claim.id))),
    changedChecks: checks,
  };
}

/** One run of a trend; `breaks` says why the line to the run before it is cut. */
export interface TrendPoint {
  readonly run: string;
  readonly at: string;
  readonly side: ClaimSide | null;
  readonly breaks: readonly string[];
}

export interface TrendRow {
  readonly claim: string;
  readonly points: readonly TrendPoint[];
}

/** Each claim over runs, oldest first; a gap stays a gap. */
export function trendRuns(runs: readonly DiffSide[]): readonly TrendRow[] {
  const diffs = runs.map((run, index) => {
    const before = runs[index - 1];
    return before ? diffRuns(before, run) : null;
  });
  const ids = [...new Set(runs.flatMap(({ verdict }) => verdict.claims.map(({ id }) => id)))];
  return ids.map((claim) => ({
    claim,
    points: runs.map(({ verdict }, index): TrendPoint => {
      const side = sideOf(verdict.claims.find(({ id }) => id === claim));
      const step = diffs[index]?.claims.find((one) => one.claim === claim);
      return { run: verdict.run, at: verdict.startedAt, side, breaks: step?.broken ?? [] };
    }),
  }));
}
