import type { Bucket } from "./buckets.ts";
import { answerHeaders } from "./headers.ts";
import type { Actual, Lease } from "./lease.ts";
import type { Ask, Plan } from "./plan.ts";

/**
 * Who holds what a lease has reserved: this process alone, the shared store, a share of it, or this
 * process from a part that the store gave it beforehand.
 */
export type LeaseKeeper = "local" | "shared" | "degraded" | "ahead";

export interface LeaseHost {
  nowUs(): number;
  wallMs(): number;
  readonly leases: LeaseList;
  onSettled(lease: OpenLease, actual: Actual | undefined): void;
}

/** One open reservation. */
export class OpenLease implements Lease {
  readonly id: string;
  readonly plan: Plan;
  readonly ask: Ask;
  /** Its limiters, which outlive their place in the table. */
  readonly buckets: readonly Bucket[];
  readonly marks: number[] | undefined;
  readonly share: number;
  /** Changes from `degraded` to `shared` when the store is back and knows of the lease. */
  keeper: LeaseKeeper;
  readonly isAnthropic: boolean;
  /** Monotonic microseconds after which slots and tokens return by themselves. */
  readonly expiresUs: number;
  isOver = false;
  before: OpenLease | undefined;
  after: OpenLease | undefined;
  readonly #host: LeaseHost;

  constructor(
    host: LeaseHost,
    o: {
      id: string;
      plan: Plan;
      buckets: readonly Bucket[];
      ask: Ask;
      marks: number[] | undefined;
      share: number;
      keeper: LeaseKeeper;
      isAnthropic: boolean;
      expiresUs: number;
    },
  ) {
    this.#host = host;
    this.id = o.id;
    this.plan = o.plan;
    this.ask = o.ask;
    this.buckets = o.buckets;
    this.marks = o.marks;
    this.share = o.share;
    this.keeper = o.keeper;
    this.isAnthropic = o.isAnthropic;
    this.expiresUs = o.expiresUs;
    host.leases.add(this);
  }

  get headers(): readonly string[] {
    return answerHeaders(this, this.#host.nowUs(), this.#host);
  }

  get outputBound(): number | undefined {
    return this.ask.outputBound;
  }

  get reservedTokens(): number {
    return this.ask.tokens;
  }

  get reservedNano(): number {
    return this.ask.nano;
  }

  settle(actual: Actual | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#host.leases.remove(this);
    this.#host.onSettled(this, actual);
  }
}

/** Open leases, oldest first. */
export class LeaseList {
  #first: OpenLease | undefined;
  #last: OpenLease | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): OpenLease | undefined {
    return this.#first;
  }

  add(lease: OpenLease): void {
    this.#size++;
    lease.before = this.#last;
    if (this.#last) this.#last.after = lease;
    else this.#first = lease;
    this.#last = lease;
  }

  remove(lease: OpenLease): void {
    this.#size--;
    if (lease.before) lease.before.after = lease.after;
    else this.#first = lease.after;
    if (lease.after) lease.after.before = lease.before;
    else this.#last = lease.before;
    lease.before = undefined;
    lease.after = undefined;
  }
}
