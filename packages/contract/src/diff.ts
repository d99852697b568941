/** What changed between two runs, and where the two cannot be compared. */
import type { Claim } from "./claim.ts";
import { canonicalJson } from "./evidence/canonical-json.ts";
import type { EvidenceRecord } from "./evidence/record.ts";
import { changedSettings, type ChangedSetting } from "./diff-settings.ts";
import { identityChanges, type IdentityChange } from "./identity.ts";
import { formatDecided, formatInterval, formatValue } from "./figure.ts";
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
  readonly settings: readonly ChangedSetting[];
  /** What the target told of its build, and no longer tells. */
  readonly identity: readonly IdentityChange[];
}

function sideOf(claim: ClaimVerdict | undefined): ClaimSide | null {
  if (!claim) return null;
  const { verdict, reason, disposition, n } = claim;
  return {
    verdict,
    ...(reason !== undefined && { reason }),
    ...(disposition !== undefined && { disposition }),
    n,
    observed: formatDecided(claim),
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

type Change = readonly [what: string, from: string, to: string];

const isLower = (x: number | undefined, y: number | undefined): boolean =>
  x !== undefined && (y === undefined || y < x);

/** A limit that moved to the side that is easier to keep. */
function isWider(a: Claim, b: Claim): boolean {
  if (a.limit === undefined || b.limit === undefined) return false;
  // Shorter outages need less clean time.
  const isEasierLow = a.side === "above" || a.kind === "time_availability";
  return isEasierLow ? b.limit < a.limit : b.limit > a.limit;
}

/** Of more lost parts than these only their number and the first is said. */
const lostNamesMax = 10;

function lostParts(a: Claim, b: Claim): string {
  const kept = new Set([...b.parts, ...(b.items ?? [])]);
  const lost = [...a.parts, ...(a.items ?? [])].filter((part) => !kept.has(part));
  if (lost.length <= lostNamesMax) return lost.join(", ");
  return `${lost.length} parts, ${lost[0] ?? ""} first`;
}

/** Each way in which a claim may ask less than before; of another kind or stream it asks something else. */
const easings: readonly ((a: Claim, b: Claim) => Change | null)[] = [
  (a, b) => (a.kind === b.kind ? null : ["kind", a.kind, b.kind]),
  (a, b) => (a.of === b.of ? null : ["stream", a.of, b.of]),
  (a, b) => (a.required && !b.required ? ["claim", "required", "optional"] : null),
  (a, b) => (isLower(a.target, b.target) ? ["target", targetText(a), targetText(b)] : null),
  (a, b) => (isWider(a, b) ? ["limit", limitText(a), limitText(b)] : null),
  (a, b) =>
    b.confidence < a.confidence ? ["confidence", String(a.confidence), String(b.confidence)] : null,
  (a, b) => (isLower(a.min, b.min) ? ["min", String(a.min), String(b.min ?? 1)] : null),
  (a, b) => (lostParts(a, b) === "" ? null : ["parts", lostParts(a, b), "removed"]),
  (a, b) => (a.accept === undefined && b.accept ? ["evidence", "own", b.accept] : null),
];

/** What the later plan asks less of than the earlier one. */
function loosenedIn(a: Claim, b: Claim | undefined): Loosened[] {
  if (!b)
    return a.required ? [{ claim: a.id, what: "claim", from: "required", to: "removed" }] : [];
  return easings.flatMap((ease) => {
    const found = ease(a, b);
    return found ? [{ claim: a.id, what: found[0], from: found[1], to: found[2] }] : [];
  });
}

/** Every promise of `a` that `b` asks less of, in the order of `a`. */
export function loosenedClaims(a: Pick<RunPlan, "claims">, b: Pick<RunPlan, "claims">): Loosened[] {
  const later = new Map(b.claims.map((claim) => [claim.id, claim]));
  return a.claims.flatMap((claim) => loosenedIn(claim, later.get(claim.id)));
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

/** Why two verdicts of one claim do not measure the same. */
function breaksOf(a: Claim | undefined, b: Claim | undefined): string[] {
  if (!a || !b) return [];
  const isOther = a.limit !== b.limit || a.target !== b.target;
  return [
    ...(a.statement === b.statement ? [] : ["another statement"]),
    ...(isOther ? ["another limit"] : []),
  ];
}

const claimsById = (side: DiffSide): ReadonlyMap<string, Claim> =>
  new Map(side.plan.claims.map((claim) => [claim.id, claim]));
const sideById = (side: DiffSide, id: string): ClaimSide | null =>
  sideOf(side.verdict.claims.find((claim) => claim.id === id));

/** Everything `b` does differently from `a`. Pure; the order is that of the plans. */
export function diffRuns(a: DiffSide, b: DiffSide): RunDiff {
  const [plansA, plansB] = [claimsById(a), claimsById(b)];
  const sameTarget = a.verdict.target === b.verdict.target;
  const checks = changedChecks(a, b);
  const changed = new Set(checks.map(({ check }) => check));
  const [seenA, seenB] = [streamsOf(a), streamsOf(b)];
  const ids = [...new Set([...a.verdict.claims, ...b.verdict.claims].map(({ id }) => id))];
  const claims = ids.map((claim): ClaimDiff => {
    const [x, y] = [sideById(a, claim), sideById(b, claim)];
    const used = [...(seenA.get(claim) ?? []), ...(seenB.get(claim) ?? [])];
    const broken = [
      ...(sameTarget ? [] : ["another target"]),
      ...breaksOf(plansA.get(claim), plansB.get(claim)),
      ...(used.some((check) => changed.has(check)) ? ["another check"] : []),
    ];
    return { claim, change: changeOf(x, y), a: x, b: y, broken };
  });
  return {
    a: a.verdict.run,
    b: b.verdict.run,
    samePlan: a.verdict.planDigest === b.verdict.planDigest,
    sameTarget,
    sameMachine: machineOf(a) === machineOf(b),
    outcome: { a: a.verdict.outcome, b: b.verdict.outcome },
    claims,
    loosened: loosenedClaims(a.plan, b.plan),
    changedChecks: checks,
    settings: changedSettings(a.plan, b.plan),
    identity: identityChanges(a.verdict.identity, b.verdict.identity),
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
