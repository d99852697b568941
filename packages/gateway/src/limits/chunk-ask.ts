import type { Bucket } from "./buckets.ts";
import { plainAsk } from "./estimate.ts";
import type { Plan } from "./plan.ts";
import { rateTextOf, type SharedPart } from "./redis-keys.ts";
import { settleOf } from "./redis-reservation.ts";
import type { Asked } from "./redis-reserves.ts";
import type { Settle } from "./redis-settles.ts";

/** A part of a plan's limiters on its way from the store to one process. */
export class ChunkAsk implements Asked {
  readonly plan: Plan;
  readonly buckets: readonly Bucket[];
  readonly part: SharedPart;
  readonly text: string;
  /** us of each shared limiter. */
  readonly costs: readonly number[];
  readonly #id: string;

  /** `part`: all of the plan's shared limiters, none of which is a budget or counts slots. */
  constructor(o: {
    readonly id: string;
    readonly plan: Plan;
    readonly buckets: readonly Bucket[];
    readonly part: SharedPart;
    readonly costs: readonly number[];
    /** They were used already: taken whether or not there is room. */
    readonly isOwed: boolean;
  }) {
    this.plan = o.plan;
    this.buckets = o.buckets;
    this.costs = o.costs;
    this.#id = o.id;
    const laws = o.costs.map((cost, at) => {
      const law = o.plan.dims[o.plan.shared.from + at]?.law;
      if (!law) throw new TypeError("a chunk is of rates alone");
      const mostUs = o.isOwed ? Number.MAX_SAFE_INTEGER : law.capacityUs;
      return rateTextOf(law, { oneUs: cost, mostUs, isPartial: false });
    });
    this.part = { ...o.part, laws: laws.join(" ") };
    const { dims, shared } = o.plan;
    const wants = o.costs.filter((_, at) => dims[shared.from + at]?.law?.isCounted === false);
    this.text = [o.id, ttlUs, ...wants].join(" ");
  }

  /** It is used up by whom it was given to: the store has no lease to keep. */
  get settle(): Settle | undefined {
    const reserved = { id: this.#id, plan: this.plan, ask: plainAsk };
    return settleOf(this.part, reserved, { ...plainAsk, requests: 1 });
  }
}

/** One whose answer was lost returns after so long. */
const ttlUs = 90_000_000;
