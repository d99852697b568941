import { costUs } from "@loadline/kit/rate-limiter";
import { windowAt } from "../budgets/window.ts";
import type { Bucket } from "./buckets.ts";
import type { Actual } from "./lease.ts";
import type { Ask, Denial, Plan } from "./plan.ts";
import { kindOf, type SharedPart } from "./redis-keys.ts";
import type { Settle } from "./redis-settles.ts";

type Argument = string | number;

/** What stands before the limiters' states in an answer: admitted, time, refused, wait, replicas. */
const answerHead = 5;

/** Arguments of the reserve script for the limits of a part, or that one is never passed. */
export function limitsOf(part: SharedPart, plan: Plan, ask: Ask, wallMs: number) {
  const list: Argument[] = [];
  for (const i of part.at) {
    const dim = plan.dims[i];
    if (!dim) continue;
    const { law } = dim;
    if (dim.resource === "concurrency") list.push("c", dim.limit, "-", "-");
    else if (dim.resource === "money")
      list.push("m", ask.nano, dim.limit, windowAt(dim.period ?? "total", wallMs).id);
    else if (law) {
      const cost = costUs(law, law.isCounted ? 1 : ask.tokens);
      if (cost > law.capacityUs) return tooLarge(i);
      const kind = part.isPartial && law.isCounted ? "R" : kindOf(dim);
      list.push(kind, cost, law.capacityUs, "-");
    }
  }
  return list;
}

const tooLarge = (index: number): Denial => ({
  index,
  waitUs: 0,
  isTooLarge: true,
  restNano: Number.POSITIVE_INFINITY,
});

/** What was used instead of what a part had reserved; undefined when the store keeps no record. */
export function settleOf(
  part: SharedPart,
  o: { readonly id: string; readonly plan: Plan; readonly ask: Ask },
  used: Actual & { readonly requests: number },
): Settle | undefined {
  const deltas: number[] = [];
  let hasRecord = false;
  for (const i of part.at) {
    const dim = o.plan.dims[i];
    const isCounted = dim?.law?.isCounted === true;
    if (!dim || (isCounted && !part.isPartial)) continue;
    hasRecord = true;
    if (!dim.law) continue;
    const cost = (amount: number): number => (dim.law ? costUs(dim.law, amount) : 0);
    deltas.push(isCounted ? cost(used.requests) - cost(1) : cost(used.tokens) - cost(o.ask.tokens));
  }
  if (!hasRecord) return undefined;
  return { leases: part.leases, id: o.id, nano: used.nano - o.ask.nano, deltas };
}

export interface Learning {
  readonly plan: Plan;
  readonly buckets: readonly Bucket[];
  readonly marks: number[];
  readonly nowUs: number;
  readonly wallMs: number;
}

/** Notes what Redis said of each limiter of a part, in this process' time. */
export function learn(part: SharedPart, figures: readonly number[], o: Learning): void {
  const offsetUs = (figures[1] ?? 0) - o.nowUs;
  part.at.forEach((i, at) => {
    const dim = o.plan.dims[i];
    const bucket = o.buckets[i];
    const figure = figures[answerHead + at];
    if (!dim || !bucket || figure === undefined || dim.resource === "concurrency") return;
    bucket.seenUs = o.nowUs;
    bucket.offsetUs = offsetUs;
    if (dim.resource === "money") {
      const window = windowAt(dim.period ?? "total", o.wallMs);
      learnMoney(bucket, window, figure);
      o.marks[i] = window.endMs;
    } else {
      bucket.toldUs = figure;
      bucket.tatUs = Math.max(0, figure - offsetUs);
      bucket.wholeUs = bucket.tatUs;
      o.marks[i] = bucket.tatUs;
    }
  });
}

/** What was spent here and is not told yet comes on top of what Redis knows. */
function learnMoney(bucket: Bucket, window: { id: string; endMs: number }, figure: number): void {
  const untold = bucket.windowId === window.id ? bucket.spentNano - bucket.baseNano : 0;
  if (bucket.windowId !== window.id) bucket.alertAtNano = -1;
  bucket.windowId = window.id;
  bucket.windowEndMs = window.endMs;
  bucket.baseNano = figure;
  bucket.spentNano = figure + untold;
}

/** The refusal that an answer tells of; position -1: there is no room for a limiter of the call. */
export function denialOf(part: SharedPart, plan: Plan, figures: readonly number[]): Denial {
  let restNano = Number.POSITIVE_INFINITY;
  part.at.forEach((i, at) => {
    const dim = plan.dims[i];
    const figure = figures[answerHead + at] ?? 0;
    if (dim?.resource === "money") restNano = Math.min(restNano, dim.limit - figure);
  });
  const at = figures[2] ?? 0;
  const index = at < 0 ? -1 : (part.at[at] ?? plan.shared.from);
  return { index, waitUs: figures[3] ?? 0, isTooLarge: false, restNano };
}

/** The numbers of an answer; undefined for anything else. */
export function figuresOf(answer: unknown): readonly number[] | undefined {
  return Array.isArray(answer) && answer.every((value) => typeof value === "number")
    ? answer
    : undefined;
}
