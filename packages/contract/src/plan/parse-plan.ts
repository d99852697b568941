import type { z } from "zod";
import { type Claim, type ClaimKind, claimKinds, type Problem } from "../claim.ts";
import type { ContractCode } from "../errors.ts";
import { findNearest } from "./nearest.ts";
import { claimKeys, type ClaimInput, planKeys, planSchema } from "./plan-schema.ts";
import type { RunPlan } from "./run-plan.ts";
import { parseQuantity, parseRatio, quantityMs } from "./units.ts";

export type ParsedPlan =
  | { readonly ok: true; readonly plan: RunPlan }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface ParsePlanOptions {
  /** Streams the stages produce; a claim `of` another is refused. Absent: not checked. */
  readonly streams?: readonly string[];
}

function problem(code: ContractCode, path: string, message: string): Problem {
  return { code, path, message };
}

function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "");
}

function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  if (path.length === 0) return planKeys;
  if (path[0] === "claims") return claimKeys;
  return ["name", "baseUrl"];
}

/** One problem per wrong key or value, with the nearest known name. */
function explainIssue(issue: z.core.$ZodIssue): Problem[] {
  const path = pathOf(issue.path);
  if (issue.code !== "unrecognized_keys") return [problem("LL_PLAN_SHAPE", path, issue.message)];
  return issue.keys.map((key) => {
    const nearest = findNearest(key, knownKeys(issue.path));
    const hint = nearest === null ? "" : ` Did you mean ${nearest}?`;
    const full = path === "" ? key : `${path}.${key}`;
    return problem("LL_PLAN_KEY", full, `There is no key ${key}.${hint}`);
  });
}

/** Collects the problems of one claim while its typed fields are made. */
interface ClaimReader {
  readonly input: ClaimInput;
  readonly path: string;
  readonly problems: Problem[];
}

function readKind(r: ClaimReader): ClaimKind | null {
  const kind = claimKinds.find((name) => name === r.input.kind);
  if (kind) return kind;
  const nearest = findNearest(r.input.kind, claimKinds);
  const hint = nearest === null ? `known: ${claimKinds.join(", ")}` : `nearest: ${nearest}`;
  const message = `The kind ${r.input.kind} is not built; ${hint}.`;
  r.problems.push(problem("LL_PLAN_KIND", `${r.path}.kind`, message));
  return null;
}

function readTarget(r: ClaimReader): number | null {
  const { target } = r.input;
  const path = `${r.path}.target`;
  if (target === undefined) {
    r.problems.push(problem("LL_PLAN_SHAPE", path, "This kind needs a target ratio."));
    return null;
  }
  const ratio = parseRatio(target);
  if (ratio === null) {
    const message = `Expected a ratio 0..1 or a percentage such as "99.5 %", found ${String(target)}.`;
    r.problems.push(problem("LL_PLAN_UNIT", path, message));
    return null;
  }
  if (ratio > 0 && ratio < 1) return ratio;
  const message = "No number of samples proves 0 % or 100 %; name a target between.";
  r.problems.push(problem("LL_PLAN_SHAPE", path, message));
  return null;
}

interface Limit {
  readonly limit: number;
  readonly unit: string;
}

function readLimit(r: ClaimReader, kind: ClaimKind): Limit | null {
  const { limit, unit } = r.input;
  const path = `${r.path}.limit`;
  if (limit === undefined) {
    r.problems.push(problem("LL_PLAN_SHAPE", path, "This kind needs a limit with its unit."));
    return null;
  }
  if (kind === "comparison") return readShare(r, limit, path);
  const isBare = typeof limit === "number" && unit === undefined;
  const quantity =
    typeof limit === "number" ? { value: limit, unit: unit ?? "" } : parseQuantity(limit);
  if (isBare || quantity === null) {
    const message = `Expected a quantity with its unit such as "2 s", found ${String(limit)}.`;
    r.problems.push(problem("LL_PLAN_UNIT", path, message));
    return null;
  }
  const ms = quantityMs(quantity);
  if (kind === "quantile" && (ms === null || ms <= 0)) {
    const message = `Expected a time above 0 in us, ms, s, min or h, found ${String(limit)}.`;
    r.problems.push(problem("LL_PLAN_UNIT", path, message));
    return null;
  }
  if (ms !== null) return { limit: ms, unit: "ms" };
  return { limit: quantity.value, unit: quantity.unit };
}

/** Accepted worsening of a comparison. */
function readShare(r: ClaimReader, limit: number | string, path: string): Limit | null {
  const share = parseRatio(limit);
  if (share !== null && share >= 0) return { limit: share, unit: "ratio" };
  const message = `Expected a share such as 0.1 or "10 %", found ${String(limit)}.`;
  r.problems.push(problem("LL_PLAN_UNIT", path, message));
  return null;
}

function readOver(r: ClaimReader): number | null {
  const { over } = r.input;
  if (over === undefined) return null;
  const quantity = parseQuantity(over);
  const ms = quantity === null ? null : quantityMs(quantity);
  if (ms !== null && ms >= 1_000) return ms;
  const message = `Expected a window of 1 s or more such as "60 s", found ${over}.`;
  r.problems.push(problem("LL_PLAN_UNIT", `${r.path}.over`, message));
  return null;
}

/** Keys a kind does not read are refused: a key without effect is a promise not kept. */
const keysOfKind: Readonly<Record<ClaimKind, readonly string[]>> = {
  predicate: ["min"],
  proportion: ["target", "min", "over"],
  quantile: ["target", "limit", "unit", "min", "over"],
  trials: ["target"],
  bound: ["limit", "unit", "min"],
  coverage: ["items"],
  mean: ["limit", "unit", "min", "side", "over"],
  comparison: ["limit", "min"],
};

function refuseIdleKeys(r: ClaimReader, kind: ClaimKind): void {
  const { target, limit, unit, min, items, side, over } = r.input;
  for (const [key, value] of Object.entries({ target, limit, unit, min, items, side, over })) {
    if (value === undefined || keysOfKind[kind].includes(key)) continue;
    const message = `A ${kind} claim does not read ${key}.`;
    r.problems.push(problem("LL_PLAN_KEY", `${r.path}.${key}`, message));
  }
}

function findRepeated(names: readonly string[]): string | null {
  return names.find((name, index) => names.indexOf(name) !== index) ?? null;
}

function checkLists(r: ClaimReader, kind: ClaimKind): void {
  const parts = r.input.parts ?? ["all"];
  const items = r.input.items ?? [];
  if (parts.length === 0 || (kind === "coverage" && items.length === 0)) {
    const what = parts.length === 0 ? "parts" : "items";
    const message = `The claim declares no ${what}, so nothing would decide it.`;
    r.problems.push(problem("LL_PLAN_EMPTY_CLAIM", `${r.path}.${what}`, message));
  }
  const repeated = findRepeated(parts) ?? findRepeated(items);
  if (repeated !== null) {
    r.problems.push(problem("LL_PLAN_DUPLICATE", r.path, `${repeated} is declared twice.`));
  }
}

function readClaim(r: ClaimReader, planConfidence: number): Claim | null {
  const before = r.problems.length;
  const kind = readKind(r);
  if (!kind) return null;
  const keys = keysOfKind[kind];
  refuseIdleKeys(r, kind);
  checkLists(r, kind);
  const target = keys.includes("target") ? readTarget(r) : null;
  const limit = keys.includes("limit") ? readLimit(r, kind) : null;
  const over = readOver(r);
  if (r.problems.length > before) return null;
  const { id, statement, of, parts, min, items, side, category } = r.input;
  const { rationale, checklist, accept } = r.input;
  return {
    id,
    statement,
    kind,
    of,
    parts: parts ?? ["all"],
    ...(target !== null && { target }),
    ...limit,
    ...(side !== undefined && { side }),
    ...(over !== null && { over }),
    ...(min !== undefined && { min }),
    ...(items !== undefined && { items }),
    confidence: r.input.confidence ?? planConfidence,
    required: r.input.required ?? true,
    ...(accept !== undefined && { accept }),
    category,
    rationale,
    ...(checklist !== undefined && { checklist }),
  };
}

function checkStreams(claims: readonly Claim[], o: ParsePlanOptions): Problem[] {
  const { streams } = o;
  if (!streams) return [];
  return claims
    .filter((claim) => !streams.includes(claim.of))
    .map((claim) => {
      const nearest = findNearest(claim.of, streams);
      const hint = nearest === null ? "" : ` Did you mean ${nearest}?`;
      return problem("LL_PLAN_STREAM", claim.id, `No stage produces ${claim.of}.${hint}`);
    });
}

/** Reads a plan, as parsed from YAML or JSON. Returns every problem found; never throws. */
export function parsePlan(value: unknown, o: ParsePlanOptions = {}): ParsedPlan {
  const read = planSchema.safeParse(value);
  if (!read.success) return { ok: false, problems: read.error.issues.flatMap(explainIssue) };
  const { target, claims: inputs, confidence, ...rest } = read.data;
  const problems: Problem[] = [];
  const claims = inputs
    .map((input, index) => readClaim({ input, path: `claims[${index}]`, problems }, confidence))
    .filter((claim) => claim !== null);
  if (inputs.length === 0) {
    problems.push(problem("LL_PLAN_EMPTY_CLAIM", "claims", "The plan promises nothing."));
  }
  const repeated = findRepeated(inputs.map(({ id }) => id));
  if (repeated !== null) {
    problems.push(problem("LL_PLAN_DUPLICATE", "claims", `Two claims are named ${repeated}.`));
  }
  problems.push(...checkStreams(claims, o));
  if (problems.length > 0) return { ok: false, problems };
  const named = { name: target.name ?? target.baseUrl, baseUrl: target.baseUrl };
  return {
    ok: true,
    plan: { ...rest, schema: "loadline-plan/v1", target: named, confidence, claims },
  };
}
