import type { RedisKind } from "./redis-keys.ts";

/** The state of one limiter. Times are monotonic microseconds of this process. */
export class Bucket {
  readonly id: string;
  /** What it counts, and its key in a shared store. */
  kind: RedisKind | "" = "";
  key = "";
  /** Theoretical arrival time, of requests and tokens. */
  tatUs = 0;
  /** While a share alone counts: the same for the whole limit, by what is known here. */
  wholeUs = 0;
  /** As the shared store last told it, in its time; its time minus ours; 0 before. */
  toldUs = 0;
  offsetUs = 0;
  /** What a share has admitted and the shared store does not know yet, and its TAT by that alone. */
  sinceUs = 0;
  aloneUs = 0;
  /**
   * Of what the shared store has as taken, this is at hand for calls to come, until its limiter has
   * drained to here; below 0 it is owed to the store.
   */
  aheadUs = 0;
  aheadUntilUs = 0;
  /** No such part is asked for before. */
  askAtUs = 0;
  /** Of money: spent and reserved in the window that ends at `windowEndMs` (wall clock). */
  spentNano = 0;
  windowEndMs = 0;
  windowId = "";
  /** Slots in use, of concurrency. */
  live = 0;
  /** Leases that still refer to it. */
  open = 0;
  /** The local mode it was prepared for; see `LocalStore.degrade`. */
  epoch = 0;
  /** When the shared store last told its state, or -1. */
  seenUs = -1;
  /** Of money: what the shared store knows as spent, and the most that a share may spend. */
  baseNano = 0;
  ceilNano = Number.POSITIVE_INFINITY;
  /** Of money: what the store has as spent, which is never less than what is. */
  coveredNano = 0;
  /** Of money: spending this much is reported, -1 before it was ever computed. */
  alertAtNano = -1;

  constructor(id: string) {
    this.id = id;
  }

  /** us that are at hand for calls; below 0 what is owed. */
  aheadAt(nowUs: number): number {
    if (this.aheadUs <= 0) return this.aheadUs;
    return Math.min(this.aheadUs, Math.max(0, this.aheadUntilUs - nowUs));
  }

  /** Forgetting it changes nothing: what was spent in a period that is over counts no more. */
  isFull(nowUs: number, wallMs: number): boolean {
    return (
      this.open === 0 &&
      this.live === 0 &&
      (this.spentNano === 0 || this.windowEndMs <= wallMs) &&
      Math.max(this.tatUs, this.wholeUs) <= nowUs
    );
  }
}

/** Limiters by id, at most `max`: one is evicted only when it is full again. */
export interface BucketTable {
  /** Grows with every eviction: whoever holds a limiter must ask again. */
  readonly generation: number;
  readonly size: number;
  /** Undefined when the table is full of limiters in use. `wallMs`: no later than now. */
  of(id: string, nowUs: number, wallMs: number): Bucket | undefined;
  find(id: string): Bucket | undefined;
  all(): Iterable<Bucket>;
}

const looksMax = 64;

export function createBucketTable(max: number): BucketTable {
  const buckets = new Map<string, Bucket>();
  let generation = 0;
  /** Looks at the oldest few: a full one goes, the others move to the end of the queue. */
  const evict = (nowUs: number, wallMs: number): boolean => {
    let looks = 0;
    for (const [id, bucket] of buckets) {
      buckets.delete(id);
      if (bucket.isFull(nowUs, wallMs)) {
        generation++;
        return true;
      }
      buckets.set(id, bucket);
      if (++looks === looksMax) return false;
    }
    return false;
  };
  return {
    get generation() {
      return generation;
    },
    get size() {
      return buckets.size;
    },
    of(id, nowUs, wallMs) {
      const known = buckets.get(id);
      if (known) return known;
      if (buckets.size >= max && !evict(nowUs, wallMs)) return undefined;
      const bucket = new Bucket(id);
      buckets.set(id, bucket);
      return bucket;
    },
    find: (id) => buckets.get(id),
    all: () => buckets.values(),
  };
}
