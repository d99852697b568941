import type { Bucket } from "./buckets.ts";
import type { OpenLease } from "./open-lease.ts";
import { costOf } from "./plan.ts";
import type { SharedPart } from "./redis-keys.ts";

type Argument = string | number;

/** Redis' clock minus ours, our time, and how long a lease lives untold; microseconds. */
export interface Offset {
  readonly offsetUs: number;
  readonly nowUs: number;
  readonly ttlMaxUs: number;
  /** It may be another server than the one that told us: it may know less. */
  readonly isOther: boolean;
}

/** What a limiter has to tell, and what to do when nobody took note of it. */
export interface Told {
  readonly list: readonly Argument[];
  /** It is told again the next time. */
  undo(): void;
}

/** Arguments of the restore script for one limiter; undefined when there is nothing to say. */
export function restoreOf(bucket: Bucket, o: Offset): Told | undefined {
  if (bucket.kind === "m") return moneyOf(bucket, o.isOther);
  if (bucket.kind !== "r" && bucket.kind !== "t") return undefined;
  const offsetUs = bucket.offsetUs === 0 ? o.offsetUs : bucket.offsetUs;
  const { sinceUs, aloneUs } = bucket;
  const isAhead = bucket.toldUs - offsetUs > o.nowUs;
  if (sinceUs === 0 && !(o.isOther && isAhead)) return undefined;
  // What was admitted here goes on from what was told last, also when that is over by now. A server
  // that told it itself needs it only where it has forgotten it: below 0.
  const toldUs = o.isOther ? bucket.toldUs : -bucket.toldUs;
  bucket.sinceUs = 0;
  bucket.aloneUs = 0;
  return {
    list: [bucket.kind, toldUs, sinceUs, aloneUs === 0 ? 0 : aloneUs + offsetUs],
    undo() {
      bucket.sinceUs += sinceUs;
      bucket.aloneUs = Math.max(bucket.aloneUs, aloneUs);
    },
  };
}

function moneyOf(bucket: Bucket, isOther: boolean): Told | undefined {
  const { windowId, spentNano, baseNano } = bucket;
  const since = spentNano - baseNano;
  if (windowId === "" || (since === 0 && !isOther)) return undefined;
  // What was settled since it was told is known there only.
  const list = ["m", isOther ? baseNano : 0, since, windowId];
  bucket.baseNano = spentNano;
  return {
    list,
    undo() {
      if (bucket.windowId === windowId) bucket.baseNano -= since;
    },
  };
}

/** Arguments of the adopt script for a part of an open lease; undefined when it holds nothing. */
export function adoptionOf(
  lease: OpenLease,
  part: SharedPart,
  o: Offset,
): readonly Argument[] | undefined {
  const lines = part.at.flatMap((_, at) => lineOf(lease, part, at, o.offsetUs));
  if (lines.length === 0) return undefined;
  const ttlUs = Math.min(o.ttlMaxUs, Math.floor(lease.expiresUs - o.nowUs));
  return [lease.id, ttlUs, lines.join("\n")];
}

/** A limiter in a lease's record: kind, amount, mark, key; none when nothing can be given back. */
function lineOf(lease: OpenLease, part: SharedPart, at: number, offsetUs: number): string[] {
  const i = part.at[at] ?? 0;
  const dim = lease.plan.dims[i];
  const bucket = lease.buckets[i];
  const key = part.keys[at] ?? "";
  if (!dim || !bucket) return [];
  if (dim.resource === "concurrency") return [`c 1 - ${key}`];
  if (dim.resource === "money") return [`m ${lease.ask.nano} ${bucket.windowId} ${key}`];
  const { law } = dim;
  if (!law || (law.isCounted && !part.isPartial)) return [];
  const mark = (lease.marks?.[i] ?? 0) + (bucket.offsetUs === 0 ? offsetUs : bucket.offsetUs);
  const cost = costOf(law, lease.ask);
  return [`${law.isCounted ? "r" : "t"} ${cost} ${Math.floor(mark)} ${key}`];
}

/** Collects arguments by what has to go together and hands them on, `size` entries at a time. */
export class Batches<T> {
  readonly #size: number;
  readonly #send: (tag: string, entries: readonly T[]) => void;
  readonly #byTag = new Map<string, T[]>();

  constructor(size: number, send: (tag: string, entries: readonly T[]) => void) {
    this.#size = size;
    this.#send = send;
  }

  add(tag: string, entry: T): void {
    const entries = this.#byTag.get(tag) ?? [];
    entries.push(entry);
    this.#byTag.set(tag, entries);
    if (entries.length < this.#size) return;
    this.#send(tag, entries);
    this.#byTag.delete(tag);
  }

  end(): void {
    for (const [tag, entries] of this.#byTag) this.#send(tag, entries);
    this.#byTag.clear();
  }
}
