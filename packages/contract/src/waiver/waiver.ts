/** Accepted risk as data: who answers for which claim, until when, for which target. */
import type { Claim, Problem } from "../claim.ts";
import { type Data, isData } from "../fold/read-data.ts";
import type { RunPlan } from "../plan/run-plan.ts";

/** What a waiver may cover; `error` says nothing about the target and is never accepted. */
export const waivableVerdicts = ["failed", "inconclusive", "not_tested"] as const;
export type Waivable = (typeof waivableVerdicts)[number];

export interface Waiver {
  /** Exact claim id. */
  readonly claim: string;
  /** This verdict and better ones; a worse one stays open. */
  readonly covers: Waivable;
  /** At least 20 characters. */
  readonly reason: string;
  readonly owner: string;
  /** Another person than the owner. */
  readonly approvedBy: string;
  /** UTC day, `YYYY-MM-DD`. */
  readonly created: string;
  /** Last UTC day it holds, at most 90 days after `created`. */
  readonly expires: string;
  /** Name or base URL of the one target it holds for; what is of several names all of them. */
  readonly target: string;
  /** Where the risk is tracked. */
  readonly link: string;
}

/** The target lacks the feature a claim is about; counts only beside an observation of that. */
export interface NotApplicable {
  readonly claim: string;
  /** The feature the target lacks, e.g. `embeddings`. */
  readonly feature: string;
  /** At least 20 characters. */
  readonly justification: string;
  readonly approvedBy: string;
}

/** The content of `waivers.yaml`. */
export interface WaiverFile {
  readonly waivers: readonly Waiver[];
  readonly notApplicable: readonly NotApplicable[];
}

export const waiverDaysMax = 90;
export const waiverReasonMin = 20;
/** More entries than this are refused. */
export const waiversMax = 1_000;
const textMax = 2_000;
const dayMs = 86_400_000;

/** Start of a UTC day in ms; null = no such day. */
export function dayMsOf(day: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return null;
  const ms = Date.parse(`${day}T00:00:00.000Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(day) ? ms : null;
}

/** Whether a claim is of the classes nobody may waive: integrity, zero loss. */
export function isNotWaivable(
  claim: Pick<Claim, "id" | "of"> & { readonly kind: string },
): boolean {
  const isIntegrity = [claim.id, claim.of].some((name) => /^(selftest|verify)(\.|$)/.test(name));
  return isIntegrity || claim.kind === "zero_loss";
}

const waiverKeys = [
  "claim",
  "covers",
  "reason",
  "owner",
  "approvedBy",
  "created",
  "expires",
  "target",
  "link",
] as const;
const notApplicableKeys = ["claim", "feature", "justification", "approvedBy"] as const;

function shape(path: string, message: string): Problem {
  return { code: "LL_WAIVER_SHAPE", path, message };
}

function checkTexts(d: Data, keys: readonly string[], path: string): Problem[] {
  const problems: Problem[] = [];
  for (const key of Object.keys(d)) {
    if (keys.includes(key)) continue;
    problems.push(shape(`${path}.${key}`, `There is no key ${key}; known: ${keys.join(", ")}.`));
  }
  for (const key of keys) {
    const value = d[key];
    if (typeof value === "string" && value.trim() !== "" && value.length <= textMax) continue;
    problems.push(shape(`${path}.${key}`, `Expected a text of 1 to ${textMax} characters.`));
  }
  return problems;
}

function checkReason(text: unknown, path: string): Problem[] {
  if (typeof text !== "string" || text.trim().length >= waiverReasonMin) return [];
  return [shape(path, `Expected at least ${waiverReasonMin} characters.`)];
}

function checkDays(d: Data, path: string): Problem[] {
  const days: number[] = [];
  for (const key of ["created", "expires"]) {
    const ms = dayMsOf(String(d[key]));
    if (ms === null) return [shape(`${path}.${key}`, "Expected a UTC day such as 2026-04-12.")];
    days.push(ms);
  }
  const lasts = ((days[1] ?? 0) - (days[0] ?? 0)) / dayMs;
  if (lasts >= 0 && lasts <= waiverDaysMax) return [];
  const message = `It lasts ${lasts} days; 0 to ${waiverDaysMax} are accepted.`;
  return [{ code: "LL_WAIVER_EXPIRY", path: `${path}.expires`, message }];
}

const sameName = (a: unknown, b: unknown): boolean =>
  String(a).trim().toLowerCase() === String(b).trim().toLowerCase();

/** Every problem of one waiver on its own; a plan is not needed to see them. */
export function checkWaiver(value: unknown, path: string): Problem[] {
  if (!isData(value)) return [shape(path, "Expected a waiver with its keys.")];
  const problems = checkTexts(value, waiverKeys, path);
  if (problems.length > 0) return problems;
  if (!waivableVerdicts.some((verdict) => verdict === value["covers"])) {
    const message = `Expected one of ${waivableVerdicts.join(", ")}.`;
    problems.push(shape(`${path}.covers`, message));
  }
  problems.push(...checkReason(value["reason"], `${path}.reason`), ...checkDays(value, path));
  if (sameName(value["owner"], value["approvedBy"])) {
    const message = "Owner and approver are the same person.";
    problems.push({ code: "LL_WAIVER_APPROVER", path: `${path}.approvedBy`, message });
  }
  return problems;
}

/** Every problem of one entry about a feature the target lacks. */
export function checkNotApplicable(value: unknown, path: string): Problem[] {
  if (!isData(value)) return [shape(path, "Expected an entry with its keys.")];
  const problems = checkTexts(value, notApplicableKeys, path);
  return [...problems, ...checkReason(value["justification"], `${path}.justification`)];
}

const isWaiver = (value: unknown): value is Waiver => checkWaiver(value, "").length === 0;
const isNotApplicable = (value: unknown): value is NotApplicable =>
  checkNotApplicable(value, "").length === 0;

export type ParsedWaivers =
  | { readonly ok: true; readonly file: WaiverFile }
  | { readonly ok: false; readonly problems: readonly Problem[] };

type PlanFacts = Pick<RunPlan, "claims"> & {
  /** Features the plan declares of its target, e.g. `embeddings`. */
  readonly declares?: readonly string[];
};

function checkAgainst(file: WaiverFile, plan: PlanFacts): Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const about = (claim: string, path: string): Claim | undefined => {
    if (seen.has(claim)) {
      problems.push({ code: "LL_WAIVER_DUPLICATE", path, message: `${claim} stands twice.` });
    }
    seen.add(claim);
    const found = plan.claims.find(({ id }) => id === claim);
    const message = `The plan has no claim ${claim}.`;
    if (!found) problems.push({ code: "LL_WAIVER_CLAIM", path, message });
    return found;
  };
  for (const [index, { claim }] of file.waivers.entries()) {
    const path = `waivers.${index}.claim`;
    const found = about(claim, path);
    if (!found || !isNotWaivable(found)) continue;
    problems.push({ code: "LL_WAIVER_REFUSED", path, message: `${claim} cannot be waived.` });
  }
  for (const [index, { claim, feature }] of file.notApplicable.entries()) {
    about(claim, `notApplicable.${index}.claim`);
    if (!plan.declares?.includes(feature)) continue;
    const message = `The plan declares ${feature}.`;
    const path = `notApplicable.${index}.feature`;
    problems.push({ code: "LL_PLAN_NA_CONTRADICTED", path, message });
  }
  return problems;
}

function listOf(value: Data, key: string, problems: Problem[]): readonly unknown[] {
  const list = value[key] ?? [];
  if (Array.isArray(list) && list.length <= waiversMax) return list;
  problems.push(shape(key, `Expected a list of at most ${waiversMax} entries.`));
  return [];
}

/** Reads a parsed `waivers.yaml` against its plan. Returns every problem found; never throws. */
export function parseWaivers(value: unknown, plan: PlanFacts): ParsedWaivers {
  if (!isData(value)) {
    return { ok: false, problems: [shape("", "Expected the keys waivers and notApplicable.")] };
  }
  const problems: Problem[] = [];
  for (const key of Object.keys(value)) {
    if (key === "waivers" || key === "notApplicable" || key === "$schema") continue;
    problems.push(shape(key, `There is no key ${key}; known: waivers, notApplicable.`));
  }
  const waivers = listOf(value, "waivers", problems);
  const absent = listOf(value, "notApplicable", problems);
  problems.push(
    ...waivers.flatMap((one, index) => checkWaiver(one, `waivers.${index}`)),
    ...absent.flatMap((one, index) => checkNotApplicable(one, `notApplicable.${index}`)),
  );
  if (problems.length > 0) return { ok: false, problems };
  const file = {
    waivers: waivers.filter(isWaiver),
    notApplicable: absent.filter(isNotApplicable),
  };
  const beside = checkAgainst(file, plan);
  return beside.length > 0 ? { ok: false, problems: beside } : { ok: true, file };
}
