/** Dispositions over verdicts: what was seen stays visible, what is accepted is said beside it. */
import { isData } from "../fold/read-data.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import type { ClaimVerdict, PartVerdict } from "../report-model.ts";
import { type Disposition, type Verdict, verdictOrder } from "../verdict.ts";
import {
  checkNotApplicable,
  checkWaiver,
  dayMsOf,
  isNotWaivable,
  type NotApplicable,
  type Waiver,
} from "./waiver.ts";

/** A disposition that holds in this run. */
export interface AppliedDisposition {
  readonly claim: string;
  readonly disposition: Disposition;
  readonly reason: string;
  readonly owner: string;
  readonly approvedBy: string;
  /** Last UTC day; absent for what is not applicable. */
  readonly expires?: string;
  readonly link?: string;
}

export const ignoredReasons = [
  "invalid",
  "no_claim",
  "not_waivable",
  "other_target",
  "not_yet",
  "expired",
  "worse",
  "not_needed",
  "contradicted",
  "no_observation",
] as const;
export type IgnoredReason = (typeof ignoredReasons)[number];

/** An entry without effect, and why. */
export interface IgnoredDisposition {
  readonly claim: string;
  readonly disposition: Disposition;
  readonly why: IgnoredReason;
  readonly sentence: string;
}

/** What was accepted in a run, and what was not. */
export interface WaiverReport {
  readonly applied: readonly AppliedDisposition[];
  readonly ignored: readonly IgnoredDisposition[];
  /** First UTC day of expiry among the applied waivers; null without one. */
  readonly nextExpiry: string | null;
}

export interface WaiverFacts {
  readonly plan: Pick<RunPlan, "target" | "waivers" | "notApplicable" | "stages">;
  /** UTC times of the run; a waiver holds from its first to its last day. */
  readonly startedAt: string;
  readonly endedAt: string;
}

const rank = (verdict: Verdict): number => verdictOrder.indexOf(verdict);
const dayOf = (time: string): string => time.slice(0, 10);

type Refusal = readonly [IgnoredReason, string];

const wordsOf = (text: string): string =>
  text
    .split(/[\s,]+/)
    .toSorted()
    .join(" ");

/** Of several targets the one whose name its stream carries: `probe.eu.http.alive` is of `eu`. */
function ownTarget(of: string, targets: unknown): readonly string[] {
  const [stage = "", key = ""] = of.split(".");
  const own = isData(targets) && (stage === "probe" || stage === "load") ? targets[key] : undefined;
  return isData(own) ? [key, String(own["url"])] : [];
}

/**
 * A waiver names the target of its claim, or its address. Among several a claim that is of one of
 * them is waived under that one's name; what is of all of them under all names, in any order.
 */
function isForTarget(wanted: string, of: string, plan: WaiverFacts["plan"]): boolean {
  const { target, stages } = plan;
  const own = ownTarget(of, stages["targets"]);
  if (own.includes(wanted) || wanted === target.name || wanted === target.baseUrl) return true;
  const words = wordsOf(wanted);
  const isOfSeveral = isData(stages["targets"]);
  return isOfSeveral && [target.name, target.baseUrl].some((names) => wordsOf(names) === words);
}

/** Why a waiver has no effect on this verdict; null = it holds. */
function refuseWaiver(
  waiver: Waiver,
  claim: ClaimVerdict & { readonly of: string },
  facts: WaiverFacts,
): Refusal | null {
  if (isNotWaivable(claim)) return ["not_waivable", "This claim cannot be waived."];
  if (!isForTarget(waiver.target, claim.of, facts.plan)) {
    return ["other_target", `It is for the target ${waiver.target}.`];
  }
  if ([facts.startedAt, facts.endedAt].some((time) => dayMsOf(dayOf(time)) === null)) {
    return ["expired", "The run does not say on which day it was."];
  }
  if (dayOf(facts.startedAt) < waiver.created) return ["not_yet", `It begins ${waiver.created}.`];
  if (dayOf(facts.endedAt) > waiver.expires) return ["expired", `It expired ${waiver.expires}.`];
  if (claim.verdict === "passed") return ["not_needed", "The claim passed."];
  // A refuted part does not cover the broken check of another one.
  if ([claim, ...claim.parts].some(({ verdict }) => verdict === "error")) {
    return ["worse", "An error of the check is never waived."];
  }
  if (rank(claim.verdict) >= rank(waiver.covers)) return null;
  return ["worse", `It covers ${waiver.covers}; the verdict is ${claim.verdict}.`];
}

/** A stage asked for the feature and did not find it. */
const isLacking = ({ reason, evidence }: Pick<PartVerdict, "reason" | "evidence">): boolean =>
  (reason === "capability_missing" || reason === "probe_contract") && evidence.length > 0;

/** Only what a stage asked for and did not find is not applicable: in every part, not in one. */
function refuseNotApplicable(entry: NotApplicable, claim: ClaimVerdict): Refusal | null {
  const { parts } = claim;
  if (parts.length > 0 && [claim, ...parts].every(isLacking)) return null;
  if (parts.some(({ n }) => n > 0)) {
    return ["contradicted", `The target answered where ${entry.feature} is asked.`];
  }
  return ["no_observation", `Nothing observed that the target lacks ${entry.feature}.`];
}

interface Laid {
  readonly claims: readonly ClaimVerdict[];
  readonly report: WaiverReport;
}

interface Entry {
  readonly claim: string;
  readonly disposition: Disposition;
  readonly applied: AppliedDisposition;
  refuse(claim: ClaimVerdict & { readonly of: string }): Refusal | null;
}

/** The plan of a stored bundle may hold anything under a known key. */
function listOf<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? value : [];
}

/** Whether a waiver is for its claim's target in a way that folds before 4 did not know. */
export function isWaivedAmongSeveral(plan: RunPlan): boolean {
  const { name, baseUrl } = plan.target;
  const streams = new Map(plan.claims.map(({ id, of }) => [id, of]));
  return listOf<unknown>(plan.waivers).some((one) => {
    if (!isData(one)) return false;
    const [claim, target] = [String(one["claim"]), String(one["target"])];
    if (target === name || target === baseUrl) return false;
    return isForTarget(target, streams.get(claim) ?? "", plan);
  });
}

function entriesOf(facts: WaiverFacts): (Entry | IgnoredDisposition)[] {
  const { waivers, notApplicable } = facts.plan;
  const bad = (entry: unknown, disposition: Disposition): IgnoredDisposition => {
    const sentence = "The entry breaks a rule of waivers.";
    const claim = isData(entry) ? String(entry["claim"]) : "";
    return { claim, disposition, why: "invalid", sentence };
  };
  const waived = listOf(waivers).map((waiver): Entry | IgnoredDisposition => {
    if (checkWaiver(waiver, "").length > 0) return bad(waiver, "waived");
    const { claim, reason, owner, approvedBy, expires, link } = waiver;
    const disposition = "waived";
    const applied = { claim, disposition, reason, owner, approvedBy, expires, link } as const;
    return { claim, disposition, applied, refuse: (one) => refuseWaiver(waiver, one, facts) };
  });
  const absent = listOf(notApplicable).map((entry): Entry | IgnoredDisposition => {
    if (checkNotApplicable(entry, "").length > 0) return bad(entry, "not_applicable");
    const { claim, justification, approvedBy } = entry;
    const disposition = "not_applicable";
    const who = { reason: justification, owner: approvedBy, approvedBy };
    const applied = { claim, disposition, ...who } as const;
    return { claim, disposition, applied, refuse: (one) => refuseNotApplicable(entry, one) };
  });
  return [...waived, ...absent];
}

/** The claims with their dispositions, and every entry's fate. Without entries: null. */
export function layDispositions(
  claims: readonly ClaimVerdict[],
  streams: ReadonlyMap<string, string>,
  facts: WaiverFacts,
): Laid | null {
  const entries = entriesOf(facts);
  if (entries.length === 0) return null;
  const byId = new Map(claims.map((claim) => [claim.id, claim]));
  const applied = new Map<string, AppliedDisposition>();
  const ignored: IgnoredDisposition[] = [];
  for (const entry of entries) {
    if ("why" in entry) {
      ignored.push(entry);
      continue;
    }
    const { claim: id, disposition } = entry;
    const claim = byId.get(id);
    const refusal: Refusal | null = claim
      ? entry.refuse({ ...claim, of: streams.get(id) ?? "" })
      : ["no_claim", "The plan has no such claim."];
    if (refusal) ignored.push({ claim: id, disposition, why: refusal[0], sentence: refusal[1] });
    else if (!applied.has(id)) applied.set(id, entry.applied);
  }
  const days = [...applied.values()].flatMap(({ expires }) => expires ?? []);
  const nextExpiry = days.sort()[0] ?? null;
  const over = (claim: ClaimVerdict): ClaimVerdict => {
    const found = applied.get(claim.id);
    return found ? { ...claim, disposition: found.disposition } : claim;
  };
  return {
    claims: claims.map(over),
    report: { applied: [...applied.values()], ignored, nextExpiry },
  };
}

/** `2 waived, next expiry 2026-06-01`, or "" when nothing is accepted. */
export function waiverText(report: WaiverReport | undefined): string {
  if (!report) return "";
  const of = (wanted: Disposition): number =>
    report.applied.filter(({ disposition }) => disposition === wanted).length;
  const expiry = report.nextExpiry === null ? "" : `, next expiry ${report.nextExpiry}`;
  const waived = of("waived") === 0 ? [] : [`${of("waived")} waived${expiry}`];
  const absent = of("not_applicable") === 0 ? [] : [`${of("not_applicable")} not applicable`];
  return [...waived, ...absent].join(", ");
}

/** The waivers of a run in words: at its time, and on a line of its own on the day of reading. */
export function describeWaivers(report: WaiverReport | undefined, today?: string): string[] {
  if (!report) return [];
  const accepted = waiverText(report);
  const ignored = report.ignored.map((one) => `ignored ${one.claim}: ${one.why}. ${one.sentence}`);
  const atRun = `at the run: ${accepted === "" ? "none holds" : accepted}`;
  // Of none that held there is none that still does.
  if (today === undefined || report.applied.length === 0) return [atRun, ...ignored];
  const over = report.applied.filter(({ expires }) => expires !== undefined && expires < today);
  const names = over.map(({ claim, expires }) => `${claim} (${expires})`).join(", ");
  const now = over.length === 0 ? "all still hold" : `expired since: ${names}`;
  return [atRun, `today ${today}: ${now}`, ...ignored];
}
