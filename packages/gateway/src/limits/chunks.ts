import { type Clock, monotonicUs } from "@loadline/kit/clock";
import { costUs, refundedUs, takenUs } from "@loadline/kit/rate-limiter";
import type { Bucket } from "./buckets.ts";
import { ChunkAsk } from "./chunk-ask.ts";
import type { Dimension } from "./dimension.ts";
import { type Ask, costOf, type Plan } from "./plan.ts";
import type { SharedParts } from "./redis-keys.ts";
import { answerHead, learn } from "./redis-reservation.ts";

/** What one call, or one that ended, wants or wanted of a plan's shared limiters. */
export interface Wanted {
  readonly plan: Plan;
  readonly buckets: readonly Bucket[];
  readonly ask: Ask;
  /** Until when what a call took may be given back, by limiter; only of plans that count tokens. */
  readonly marks: number[] | undefined;
}

export interface ChunksDeps {
  readonly clock: Clock;
  /** Name of this process, unique among all. */
  readonly replica: string;
  partsOf(plan: Plan): SharedParts;
  /** Takes a question to the store, behind the calls that wait already. */
  ask(chunk: ChunkAsk): void;
}

/** Of a burst, what one process is handed beforehand at most: `gateway.md` 10. */
const burstPart = 0.005;
/** A chunk for fewer calls would not pay for its question. */
const callsMin = 2;
const retryUs = 50_000;

/**
 * Parts of large limits that this process was handed beforehand, and from which it admits calls by
 * itself. Such a part is taken from the store like a call, so all processes together never admit more
 * than the law; what lies unused drains as the limiter does. Each is at most 0.5 % of a burst, so
 * bursts below 400 requests, budgets and slots are asked for call by call; and so is everything once
 * half of a burst is gone, where each call counts.
 */
export class Chunks {
  readonly #deps: ChunksDeps;
  #asked = 0;

  constructor(deps: ChunksDeps) {
    this.#deps = deps;
  }

  /** Takes a call's wants; false when not all of them are at hand, and nothing was taken. */
  take(wanted: Wanted): boolean {
    const { plan, buckets, ask, marks } = wanted;
    const sizes = this.#sizesOf(plan);
    const { from } = plan.shared;
    const nowUs = monotonicUs(this.#deps.clock);
    for (let i = 0; i < sizes.length; i++) {
      const bucket = buckets[from + i];
      const law = plan.dims[from + i]?.law;
      if (!bucket || !law || bucket.aheadAt(nowUs) < costOf(law, ask)) return false;
    }
    let isLow = false;
    for (let i = 0; i < sizes.length; i++) {
      const bucket = buckets[from + i];
      const law = plan.dims[from + i]?.law;
      if (!bucket || !law) continue;
      const cost = costOf(law, ask);
      bucket.aheadUs = bucket.aheadAt(nowUs) - cost;
      if (marks) marks[from + i] = bucket.aheadUntilUs - bucket.aheadUs;
      bucket.tatUs = takenUs(bucket.tatUs, nowUs, cost);
      isLow ||= bucket.aheadAt(nowUs) < (sizes[i] ?? 0) / 2;
    }
    if (isLow) this.refill(wanted);
    return sizes.length > 0;
  }

  /** What a call used in the end instead of what it had taken here. */
  settle(wanted: Wanted, tokens: number): void {
    const { plan, buckets, ask, marks } = wanted;
    if (tokens === ask.tokens) return;
    const sizes = this.#sizesOf(plan);
    const { from } = plan.shared;
    const nowUs = monotonicUs(this.#deps.clock);
    let isOwing = false;
    for (let i = 0; i < sizes.length; i++) {
      const bucket = buckets[from + i];
      const law = plan.dims[from + i]?.law;
      if (!bucket || !law || law.isCounted) continue;
      const moreUs = costUs(law, tokens) - costUs(law, ask.tokens);
      if (moreUs > 0) {
        bucket.aheadUs = bucket.aheadAt(nowUs) - moreUs;
        bucket.tatUs = takenUs(bucket.tatUs, nowUs, moreUs);
      } else {
        const [untilUs, mostUs] = [marks?.[from + i] ?? 0, sizes[i] ?? 0];
        giveBack(bucket, { unusedUs: -moreUs, untilUs, mostUs, nowUs });
      }
      isOwing ||= bucket.aheadUs < 0;
    }
    if (isOwing) this.refill(wanted);
  }

  /**
   * Asks for what is missing of limiters that nobody asks for already, unless half of a limit is gone.
   * What is owed was used: it is paid first, and whatever is left.
   */
  refill({ plan, buckets, ask }: Wanted): void {
    const sizes = this.#sizesOf(plan);
    const nowUs = monotonicUs(this.#deps.clock);
    const { from } = plan.shared;
    const isWorthIt = sizes.every((size, i) => {
      const law = plan.dims[from + i]?.law;
      const usedUs = (buckets[from + i]?.tatUs ?? 0) - nowUs;
      return law && size >= callsMin * costOf(law, ask) && usedUs < law.capacityUs / 2;
    });
    const isOwed = sizes.some((_, i) => (buckets[from + i]?.aheadUs ?? 0) < 0);
    const costs = sizes.map((size, i) => {
      const bucket = buckets[from + i];
      if (!bucket || nowUs < bucket.askAtUs) return 0;
      return Math.max(0, (isWorthIt && !isOwed ? size : 0) - bucket.aheadAt(nowUs));
    });
    if (!costs.some((cost) => cost > 0)) return;
    for (const [at, cost] of costs.entries()) {
      const bucket = buckets[from + at];
      if (bucket && cost > 0) bucket.askAtUs = Number.POSITIVE_INFINITY;
    }
    const [part] = this.#deps.partsOf(plan);
    const id = `${this.#deps.replica}.chunk.${this.#asked++}`;
    this.#deps.ask(new ChunkAsk({ id, plan, buckets, part, costs, isOwed }));
  }

  /** The store's answer to a question of `startMs`; undefined: none in time, or no decision. */
  onAnswer(asked: ChunkAsk, figures: readonly number[] | undefined, startMs: number): void {
    const { plan, buckets, costs } = asked;
    const sizes = this.#sizesOf(plan);
    const nowUs = monotonicUs(this.#deps.clock);
    const isGiven = figures?.[0] === 1;
    for (const [at, cost] of costs.entries()) {
      const bucket = buckets[plan.shared.from + at];
      if (bucket && cost > 0) bucket.askAtUs = isGiven ? 0 : nowUs + retryUs;
    }
    if (!isGiven) return;
    // As if it had answered at once: rather too short than too long.
    const untilUs = (told: number): number => Math.floor(startMs * 1000) + told - (figures[1] ?? 0);
    for (const [at, cost] of costs.entries()) {
      const bucket = buckets[plan.shared.from + at];
      if (!bucket) continue;
      const leftUs = bucket.aheadAt(nowUs);
      const toldUs = untilUs(figures[answerHead + at] ?? 0);
      bucket.aheadUs = Math.min(sizes[at] ?? 0, leftUs + cost);
      // What others took in between lies behind what is left: that lasts no longer than before.
      bucket.aheadUntilUs = leftUs > 0 ? Math.min(toldUs, bucket.aheadUntilUs + cost) : toldUs;
    }
    learn(asked.part, figures, { plan, buckets, marks: [], nowUs, wallMs: 0 });
  }

  #sizesOf(plan: Plan): readonly number[] {
    if (plan.chunkSizes) return plan.chunkSizes;
    const sizes = plan.dims.slice(plan.shared.from).map(sizeOf);
    const isOnePart = this.#deps.partsOf(plan).length === 1;
    plan.chunkSizes = isOnePart && sizes.every((size) => size > 0) ? sizes : [];
    return plan.chunkSizes;
  }
}

/** What was not used is at hand again, but for what has drained of it since it was taken. */
function giveBack(
  bucket: Bucket,
  o: {
    readonly unusedUs: number;
    readonly untilUs: number;
    readonly mostUs: number;
    readonly nowUs: number;
  },
): void {
  const tatUs = refundedUs(bucket.tatUs, o.nowUs, {
    reservedTatUs: o.untilUs,
    refundUs: o.unusedUs,
  });
  const backUs = bucket.tatUs - tatUs;
  if (backUs === 0) return;
  const leftUs = bucket.aheadAt(o.nowUs);
  bucket.aheadUs = Math.min(o.mostUs, leftUs + backUs);
  bucket.aheadUntilUs = Math.min(bucket.aheadUntilUs, o.untilUs + Math.max(0, leftUs));
  bucket.tatUs = tatUs;
}

/** us of a limiter that one process is handed at most; 0: it is asked for each call. */
function sizeOf({ law }: Dimension): number {
  const units = law ? Math.floor(law.burst * burstPart) : 0;
  return law && units >= callsMin ? Math.min(costUs(law, units), law.capacityUs) : 0;
}
