/** Reads the claims of a plan: typed quantities, no key without effect, no stream that nobody feeds. */
import { type Claim, type ClaimKind, claimKinds, type Problem } from "../claim.ts";
import type { ContractCode } from "../errors.ts";
import { findNearest } from "./nearest.ts";
import type { ClaimInput } from "./plan-schema.ts";
import { parseQuantity, parseRatio, quantityMs } from "./units.ts";

function problem(code: ContractCode, path: string, message: string): Problem {
  return { code, path, message };
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
  const isTime = kind === "quantile" || kind === "time_availability";
  if (isTime && (ms === null || ms <= 0)) {
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
  proportion: ["target", "min", "over", "mode"],
  quantile: ["target", "limit", "unit", "min", "over", "mode"],
  trials: ["target", "mode"],
  bound: ["limit", "unit", "min"],
  coverage: ["items"],
  mean: ["limit", "unit", "min", "side", "over"],
  comparison: ["limit", "min"],
  zero_loss: ["min"],
  time_availability: ["target", "limit", "unit"],
  window_slo: ["target"],
};

function refuseIdleKeys(r: ClaimReader, kind: ClaimKind): void {
  const { target, limit, unit, min, items, side, over, mode } = r.input;
  const typed = { target, limit, unit, min, items, side, over, mode };
  for (const [key, value] of Object.entries(typed)) {
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
  if (over !== null && r.input.mode !== undefined) {
    const message = "A sequence has no windows: leave out over, or mode.";
    r.problems.push(problem("LL_PLAN_KEY", `${r.path}.mode`, message));
  }
  if (r.problems.length > before) return null;
  const optional = {
    ...(target !== null && { target }),
    ...limit,
    ...(over !== null && { over }),
  };
  return toClaim(r.input, { kind, optional, confidence: planConfidence });
}

/** What was judged of an input, with what needs no judgement. */
function toClaim(
  input: ClaimInput,
  o: { kind: ClaimKind; optional: Partial<Claim>; confidence: number },
): Claim {
  const { id, statement, of, parts, min, items, side, mode, category } = input;
  const { rationale, checklist, accept } = input;
  return {
    id,
    statement,
    kind: o.kind,
    of,
    parts: parts ?? ["all"],
    ...o.optional,
    ...(side !== undefined && { side }),
    ...(min !== undefined && { min }),
    ...(mode !== undefined && { mode }),
    ...(items !== undefined && { items }),
    confidence: input.confidence ?? o.confidence,
    required: input.required ?? true,
    ...(accept !== undefined && { accept }),
    category,
    rationale,
    ...(checklist !== undefined && { checklist }),
  };
}

/** A stream that a stage produces, as claims may be made of it. */
export interface ClaimStream {
  readonly stream: string;
  /** Kinds whose evidence it brings; absent: not checked. */
  readonly kinds?: readonly ClaimKind[];
  /** Parts it brings, which a claim without parts of its own takes over; absent: not checked. */
  readonly parts?: readonly string[];
}

export interface ReadClaimsOptions {
  /** Of claims that name none. */
  readonly confidence: number;
  /** Streams the stages produce; a claim `of` another is refused. Absent: not checked. */
  readonly streams?: readonly ClaimStream[];
}

/** Why a claim cannot be made of its stream; null when it can. */
function checkStream(claim: Claim, path: string, streams: readonly ClaimStream[]): Problem | null {
  const found = streams.find(({ stream }) => stream === claim.of);
  if (found === undefined) {
    const names = streams.map(({ stream }) => stream);
    const nearest = findNearest(claim.of, names);
    const hint = nearest === null ? "" : ` Did you mean ${nearest}?`;
    return problem("LL_PLAN_STREAM", path, `No stage produces ${claim.of}.${hint}`);
  }
  if (found.kinds?.includes(claim.kind) === false) {
    const message = `${claim.of} decides claims of the kind ${found.kinds.join(", ")}, not ${claim.kind}.`;
    return problem("LL_PLAN_STREAM", path, message);
  }
  const stray = claim.parts.find((part) => found.parts?.includes(part) === false);
  if (stray === undefined) return null;
  const message = `${claim.of} has no part ${stray}; it has ${found.parts?.join(", ") ?? ""}.`;
  return problem("LL_PLAN_STREAM", path, message);
}

/** A claim that declares no parts has those of its stream. */
function withParts(claim: Claim, input: ClaimInput, o: ReadClaimsOptions): Claim {
  if (input.parts !== undefined) return claim;
  const parts = o.streams?.find(({ stream }) => stream === claim.of)?.parts;
  return parts === undefined ? claim : { ...claim, parts };
}

/** Claims as a file gives them, with every problem found; `claims` holds those without one. */
export function readClaims(
  inputs: readonly ClaimInput[],
  o: ReadClaimsOptions,
): { readonly claims: readonly Claim[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const claims: Claim[] = [];
  for (const [index, input] of inputs.entries()) {
    const path = `claims[${index}]`;
    const read = readClaim({ input, path, problems }, o.confidence);
    if (read === null) continue;
    const claim = withParts(read, input, o);
    const wrong = o.streams === undefined ? null : checkStream(claim, `${path}.of`, o.streams);
    if (wrong === null) claims.push(claim);
    else problems.push(wrong);
  }
  const repeated = findRepeated(inputs.map(({ id }) => id));
  if (repeated !== null) {
    problems.push(problem("LL_PLAN_DUPLICATE", "claims", `Two claims are named ${repeated}.`));
  }
  return { claims, problems };
}
