import { costUs } from "@loadline/kit/rate-limiter";
import { windowAt } from "../budgets/window.ts";
import type { Bucket } from "./buckets.ts";
import type { Actual } from "./lease.ts";
import { type Ask, costOf, type Denial, type Plan } from "./plan.ts";
import type { SharedPart } from "./redis-keys.ts";
import type { Settle } from "./redis-settles.ts";

/** What stands before the limiters' states: admitted, time, refused, wait, replicas. */
export const answerHead = 5;

/** What a call wants of the limits of a part, as the reserve script reads it; or that one is never passed. */
export function wantsOf(
  part: SharedPart,
  o: { readonly id: string; readonly plan: Plan; readonly ask: Ask },
  times: { readonly ttlUs: number; readonly wallMs: number },
): string | Denial {
  const { plan, ask } = o;
  let text = `${o.id} ${times.ttlUs}`;
  for (const i of part.at) {
    const dim = plan.dims[i];
    if (!dim) continue;
    const { law } = dim;
    if (dim.resource === "money")
      text += ` ${ask.nano} ${windowAt(dim.period ?? "total", times.wallMs).id}`;
    else if (law) {
      const cost = costOf(law, ask);
      if (cost > law.capacityUs) return tooLarge(i);
      if (!law.isCounted) text += ` ${cost}`;
    }
  }
  return text;
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
  let text = `${o.id} ${used.nano - o.ask.nano}`;
  let hasRecord = false;
  for (const i of part.at) {
    const dim = o.plan.dims[i];
    if (!dim) continue;
    const { law } = dim;
    const isCounted = law?.isCounted === true;
    if (isCounted && !part.isPartial) continue;
    hasRecord = true;
    if (!law) continue;
    const [actual, reserved] = isCounted ? [used.requests, 1] : [used.tokens, o.ask.tokens];
    text += ` ${costUs(law, actual) - costUs(law, reserved)}`;
  }
  return hasRecord ? { leases: part.leases, text } : undefined;
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
  for (const [at, i] of part.at.entries()) {
    const dim = o.plan.dims[i];
    const bucket = o.buckets[i];
    const figure = figures[answerHead + at];
    if (!dim || !bucket || figure === undefined || dim.resource === "concurrency") continue;
    bucket.seenUs = o.nowUs;
    bucket.offsetUs = offsetUs;
    if (dim.resource === "money") {
      const window = windowAt(dim.period ?? "total", o.wallMs);
      learnMoney(bucket, window, figure);
      o.marks[i] = window.endMs;
    } else {
      bucket.toldUs = figure;
      bucket.wholeUs = Math.max(0, figure - offsetUs);
      // What is at hand counts as free here.
      bucket.tatUs = bucket.wholeUs - Math.max(0, bucket.aheadAt(o.nowUs));
      o.marks[i] = bucket.wholeUs;
    }
  }
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

/**
 * The refusal that an answer tells of; position -1: there is no room for a limiter of the call. The
 * script tells the longest wait of rates and slots; a budget that does not cover the call outlasts it.
 */
export function denialOf(
  part: SharedPart,
  o: { readonly plan: Plan; readonly ask: Ask },
  figures: readonly number[],
): Denial {
  let restNano = Number.POSITIVE_INFINITY;
  let budget = -1;
  part.at.forEach((i, at) => {
    const dim = o.plan.dims[i];
    if (dim?.resource !== "money") return;
    const rest = dim.limit - (figures[answerHead + at] ?? 0);
    restNano = Math.min(restNano, rest);
    if (budget < 0 && o.ask.nano > rest) budget = i;
  });
  const at = figures[2] ?? 0;
  if (at >= 0 && budget >= 0)
    return { index: budget, waitUs: Number.POSITIVE_INFINITY, isTooLarge: false, restNano };
  const index = at < 0 ? -1 : (part.at[at] ?? o.plan.shared.from);
  return { index, waitUs: figures[3] ?? 0, isTooLarge: false, restNano };
}

/** The numbers of an answer; undefined for anything else. */
export function figuresOf(answer: unknown): readonly number[] | undefined {
  return Array.isArray(answer) && answer.every((value) => typeof value === "number")
    ? answer
    : undefined;
}
