import { costUs } from "@loadline/kit/rate-limiter";
import type { Bucket } from "./buckets.ts";
import type { OpenLease } from "./open-lease.ts";
import { sharedKeys } from "./redis-keys.ts";

/** Redis' clock minus ours, our time, and how long a lease lives untold; microseconds. */
export interface Offset {
  readonly offsetUs: number;
  readonly nowUs: number;
  readonly ttlMaxUs: number;
}

/** Arguments of the restore script for one limiter; undefined when there is nothing to say. */
export function restoreOf(
  bucket: Bucket,
  knownUs: number,
  o: Offset,
): (string | number)[] | undefined {
  if (bucket.kind === "m") {
    if (bucket.windowId === "") return undefined;
    const since = bucket.spentNano - bucket.baseNano;
    bucket.baseNano = bucket.spentNano;
    return ["m", bucket.spentNano - since, since, bucket.windowId];
  }
  if (bucket.kind === "c" || knownUs <= o.nowUs) return undefined;
  return [bucket.kind, knownUs + o.offsetUs, 0, "-"];
}

/** Arguments of the adopt script for an open lease; undefined when there is nothing to settle. */
export function adoptionOf(lease: OpenLease, o: Offset): (string | number)[] | undefined {
  const { plan, ask, marks, expiresUs } = lease;
  const keys = sharedKeys(plan);
  const lines: string[] = [];
  for (let i = plan.shared.from; i < plan.shared.to; i++) {
    const dim = plan.dims[i];
    const key = keys[i - plan.shared.from] ?? "";
    if (dim?.resource === "concurrency") lines.push(`c 1 - ${key}`);
    else if (dim?.resource === "money")
      lines.push(`m ${ask.nano} ${lease.buckets[i]?.windowId ?? ""} ${key}`);
    else if (dim?.law && !dim.law.isCounted)
      lines.push(`t ${costUs(dim.law, ask.tokens)} ${(marks?.[i] ?? 0) + o.offsetUs} ${key}`);
  }
  if (lines.length === 0) return undefined;
  const ttlUs = Math.min(o.ttlMaxUs, Math.floor(expiresUs - o.nowUs));
  return [lease.id, ttlUs, lines.join("\n")];
}

/** Collects arguments and hands them on, `size` entries at a time. */
export class Batch {
  readonly #size: number;
  readonly #send: (keys: readonly string[], list: readonly (string | number)[]) => void;
  #keys: string[] = [];
  #list: (string | number)[] = [];

  constructor(
    size: number,
    send: (keys: readonly string[], list: readonly (string | number)[]) => void,
  ) {
    this.#size = size;
    this.#send = send;
  }

  add(key: string, list: readonly (string | number)[]): void {
    this.#keys.push(key);
    this.#list.push(...list);
    if (this.#keys.length >= this.#size) this.end();
  }

  end(): void {
    if (this.#keys.length === 0) return;
    this.#send(this.#keys, this.#list);
    this.#keys = [];
    this.#list = [];
  }
}
