import { costUs, refundedUs, takenUs, waitUs } from "@loadline/kit/rate-limiter";
import { windowAt } from "../budgets/window.ts";
import { type Bucket, type BucketTable, createBucketTable } from "./buckets.ts";
import type { Dimension } from "./dimension.ts";
import { type Ask, costOf, type Denial, type Plan, type Range } from "./plan.ts";

/** How far a shared limiter's state may lag before it counts as used up. */
const freshUs = 1_000_000;
/** Refused by the number of slots: nobody knows when one gets free. */
const slotWaitUs = 1_000_000;

export interface Times {
  /** Monotonic microseconds. */
  readonly nowUs: number;
  readonly wallMs: number;
}

/**
 * The limiters of this process. With `share` N each limit holds for its N-th part only: the state
 * of a limiter is kept in time, so a share costs N times as long.
 */
export class LocalStore {
  readonly table: BucketTable;
  #share = 1;
  #epoch = 0;
  #degradedUs = 0;
  #knows: "all" | "recent" | "none" = "all";
  /** Something was taken here that the shared store was not told of since this was last cleared. */
  hasUntold = false;

  readonly #spentBefore: (budgetId: string, period: string) => number;

  /** `spentBefore`: nano-units that an earlier process spent of a budget. */
  constructor(
    bucketsMax: number,
    spentBefore: (budgetId: string, period: string) => number = () => 0,
  ) {
    this.table = createBucketTable(bucketsMax);
    this.#spentBefore = spentBefore;
  }

  /** Binds the plan's budgets and opens their periods; false when the table is full. */
  openBudgets(plan: Plan, times: Times): boolean {
    const { nowUs, wallMs } = times;
    if (plan.generation !== this.table.generation && !plan.bind(this.table, nowUs, wallMs))
      return false;
    plan.dims.forEach((dim, i) => {
      const bucket = plan.buckets[i];
      if (dim.resource === "money" && bucket && times.wallMs >= bucket.windowEndMs)
        this.#openWindow(dim, bucket, times.wallMs);
    });
    return true;
  }

  get share(): number {
    return this.#share;
  }

  /**
   * From now on each limit holds for its `share`-th part, beginning with its part of what was last
   * known: of `recent` limiters, seen within the last second, or of those that nobody else uses.
   * Of all others nothing is left of the burst, because others may have taken it.
   */
  degrade(share: number, nowUs: number, knows: "all" | "recent" | "none"): void {
    this.#share = share;
    this.#epoch++;
    this.#degradedUs = nowUs;
    this.#knows = share === 1 ? "all" : knows;
  }

  /** Limits hold as a whole again. */
  restore(): void {
    this.#share = 1;
    this.#epoch++;
  }

  /** The budget's figure changed: the shares of it that are spent are reported again. */
  tellAgain(dim: Dimension): void {
    for (const bucket of this.table.all())
      if (bucket.id.startsWith(`${dim.key}|`)) bucket.alertAtNano = -1;
  }

  /** Undefined when everything from `from` to `to` (exclusive) of the plan admits the call. */
  check(plan: Plan, ask: Ask, range: Range, times: Times): Denial | undefined {
    const { nowUs, wallMs } = times;
    if (plan.generation !== this.table.generation && !plan.bind(this.table, nowUs, wallMs))
      return { index: -1, waitUs: slotWaitUs, isTooLarge: false, restNano: 0 };
    return this.#refusal(plan, ask, range, times);
  }

  /** Takes what `check` has admitted in the same turn; `marks` remember it for `release`. */
  take(plan: Plan, o: { ask: Ask; range: Range; times: Times; marks: number[] | undefined }): void {
    const { ask, range, times, marks } = o;
    if (this.#epoch > 0 && range.to > plan.shared.from) this.hasUntold = true;
    for (let i = range.from; i < range.to; i++) {
      const dim = plan.dims[i];
      const bucket = plan.buckets[i];
      if (!dim || !bucket) continue;
      bucket.open++;
      if (dim.resource === "concurrency") bucket.live++;
      else if (dim.resource === "money") {
        bucket.spentNano += ask.nano;
        if (marks) marks[i] = bucket.windowEndMs;
      } else if (dim.law) {
        const cost = costOf(dim.law, ask);
        bucket.tatUs = takenUs(bucket.tatUs, times.nowUs, cost * this.#share);
        if (this.#epoch > 0) {
          bucket.wholeUs = takenUs(bucket.wholeUs, times.nowUs, cost);
          bucket.sinceUs += cost;
          bucket.aloneUs = takenUs(bucket.aloneUs, times.nowUs, cost);
        }
        if (marks) marks[i] = bucket.tatUs;
      }
    }
  }

  /** Gives back the slots and settles tokens and money to what was used. */
  release(
    plan: Plan,
    o: { buckets: readonly Bucket[]; range: Range; settle: Settlement; nowUs: number },
  ): void {
    const { range, settle, buckets, nowUs } = o;
    for (let i = range.from; i < range.to; i++) {
      const dim = plan.dims[i];
      const bucket = buckets[i];
      if (!dim || !bucket) continue;
      bucket.open--;
      if (dim.resource === "concurrency") bucket.live--;
      else if (dim.resource === "money") settleMoney(bucket, settle, settle.marks?.[i] ?? 0);
      else if (dim.law && !dim.law.isCounted)
        settleTokens(dim, bucket, { ...settle, mark: settle.marks?.[i] ?? 0, nowUs });
    }
  }

  /** Notes slots and leases of limiters whose figures the shared store keeps. */
  hold(plan: Plan, buckets: readonly Bucket[], by: 1 | -1): void {
    for (let i = plan.shared.from; i < plan.shared.to; i++) {
      const bucket = buckets[i];
      if (!bucket) continue;
      bucket.open += by;
      if (plan.dims[i]?.resource === "concurrency") bucket.live += by;
    }
  }

  /** The limit with the longest wait; one that is never passed comes before all others. */
  #refusal(plan: Plan, ask: Ask, range: Range, times: Times): Denial | undefined {
    let index = -1;
    let longestUs = 0;
    let isTooLarge = false;
    let restNano = Number.POSITIVE_INFINITY;
    for (let i = range.from; i < range.to; i++) {
      const dim = plan.dims[i];
      const bucket = plan.buckets[i];
      if (!dim || !bucket) continue;
      if (bucket.epoch !== this.#epoch) this.#prepare(dim, bucket);
      const share = i < plan.shared.from ? 1 : this.#share;
      const wait = this.#waitOf(dim, bucket, { ask, times, share });
      if (dim.resource === "money") restNano = Math.min(restNano, restOf(dim, bucket));
      if (wait === 0 || isTooLarge || (wait > 0 && wait <= longestUs)) continue;
      isTooLarge = wait < 0;
      index = i;
      longestUs = Math.abs(wait);
    }
    return index < 0 ? undefined : { index, waitUs: longestUs, isTooLarge, restNano };
  }

  /** 0: admitted; > 0: microseconds to wait; < 0: never. */
  #waitOf(
    dim: Dimension,
    bucket: Bucket,
    { ask, times, share }: { ask: Ask; times: Times; share: number },
  ): number {
    const { nowUs, wallMs } = times;
    if (dim.resource === "concurrency") {
      const slots = share === 1 ? dim.limit : Math.max(1, Math.floor(dim.limit / share));
      return bucket.live < slots ? 0 : slotWaitUs;
    }
    if (dim.resource === "money") {
      if (wallMs >= bucket.windowEndMs) this.#openWindow(dim, bucket, wallMs);
      if (ask.nano <= restOf(dim, bucket)) return 0;
      return (bucket.windowEndMs - wallMs) * 1000;
    }
    const { law } = dim;
    if (!law) return 0;
    const whole = costOf(law, ask);
    if (whole > law.capacityUs) return -1;
    const cost = whole * share;
    if (cost <= law.capacityUs) return waitUs(law, bucket.tatUs, nowUs, cost);
    // A share smaller than one call lets a single call through once it is full.
    return bucket.tatUs > nowUs ? bucket.tatUs - nowUs : 0;
  }

  #openWindow(dim: Dimension, bucket: Bucket, wallMs: number): void {
    const window = windowAt(dim.period ?? "total", wallMs);
    if (bucket.windowEndMs === 0) bucket.spentNano = this.#spentBefore(bucket.id, window.id);
    else {
      bucket.spentNano = 0;
      bucket.baseNano = 0;
      bucket.alertAtNano = -1;
      if (this.#share > 1) bucket.ceilNano = Math.floor(dim.limit / this.#share);
    }
    bucket.coveredNano = bucket.spentNano;
    bucket.windowEndMs = window.endMs;
    bucket.windowId = window.id;
  }

  /** Brings a limiter into the present mode, beginning with what is certain. */
  #prepare(dim: Dimension, bucket: Bucket): void {
    bucket.epoch = this.#epoch;
    bucket.ceilNano = Number.POSITIVE_INFINITY;
    if (dim.resource === "concurrency") return;
    if (dim.resource === "money") {
      if (this.#isWhole) return;
      const rest = Math.max(0, dim.limit - bucket.spentNano);
      bucket.ceilNano = bucket.spentNano + Math.floor(rest / this.#share);
      return;
    }
    const { law } = dim;
    bucket.tatUs = bucket.wholeUs;
    if (this.#isWhole || !law || this.#knows === "all") return;
    const isRecent = this.#knows === "recent" && this.#degradedUs - bucket.seenUs < freshUs;
    const oneUs = law.isCounted ? law.emissionUs * this.#share : 0;
    const moreUs = Math.max(0, oneUs - law.capacityUs);
    const knownUs = Math.max(bucket.wholeUs, this.#degradedUs);
    bucket.tatUs = (isRecent ? knownUs : this.#degradedUs + law.capacityUs) + moreUs;
  }

  get #isWhole(): boolean {
    return this.#share === 1;
  }
}

export interface Settlement {
  readonly reservedTokens: number;
  readonly reservedNano: number;
  readonly tokens: number;
  readonly nano: number;
  readonly marks: readonly number[] | undefined;
  readonly share: number;
}

function restOf(dim: Dimension, bucket: Bucket): number {
  return Math.min(dim.limit, bucket.ceilNano) - bucket.spentNano;
}

/** A refund belongs to the window it was reserved in; what exceeds is charged to the present one. */
function settleMoney(bucket: Bucket, settle: Settlement, windowEndMs: number): void {
  const difference = settle.nano - settle.reservedNano;
  if (difference > 0 || bucket.windowEndMs === windowEndMs) bucket.spentNano += difference;
}

function settleTokens(
  dim: Dimension,
  bucket: Bucket,
  settle: Settlement & { readonly mark: number; readonly nowUs: number },
): void {
  const { law } = dim;
  if (!law) return;
  const { reservedTokens, tokens, share, nowUs } = settle;
  const difference = (costUs(law, tokens) - costUs(law, reservedTokens)) * share;
  // What is not told yet is told as it was used.
  if (bucket.sinceUs > 0) bucket.sinceUs = Math.max(0, bucket.sinceUs + difference / share);
  if (difference > 0) bucket.tatUs = takenUs(bucket.tatUs, nowUs, difference);
  else if (difference < 0)
    bucket.tatUs = refundedUs(bucket.tatUs, nowUs, {
      reservedTatUs: settle.mark,
      refundUs: -difference,
    });
}
