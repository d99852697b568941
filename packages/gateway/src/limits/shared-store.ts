import type { Bucket } from "./buckets.ts";
import type { Wanted } from "./chunks.ts";
import type { Actual } from "./lease.ts";
import type { OpenLease } from "./open-lease.ts";
import type { Ask, Denial, Plan } from "./plan.ts";

/** Decision of the store that replicas share; undefined: it gave none in time. */
export type SharedDecision = { readonly denial: Denial | undefined } | undefined;

export interface SharedReservation {
  readonly id: string;
  readonly plan: Plan;
  /** The plan's limiters as they were when the call began; the plan may be bound anew meanwhile. */
  readonly buckets: readonly Bucket[];
  readonly ask: Ask;
  /** ms after which slots and tokens return by themselves. */
  readonly ttlMs: number;
  /** Filled with what settling needs to know. */
  readonly marks: number[];
}

/** The limits that replicas share. It never rejects and never waits longer than its time limit. */
export interface SharedStore {
  /** False while each replica keeps its own share. */
  readonly isUp: boolean;
  /** Takes a call's wants from what this process was given beforehand; false: the store is asked. */
  take(call: Wanted): boolean;
  reserve(reservation: SharedReservation): Promise<SharedDecision>;
  /** Settles after the answer, in one batch with others; kept for later while the store is away. */
  settle(lease: OpenLease, actual: Actual | undefined): void;
  /**
   * Whether this process is the first to leave a mark, which stays as long as what was spent in
   * `period`; undefined: the store did not say so in time.
   */
  isFirst(mark: string, period: string): Promise<boolean | undefined>;
  close(): Promise<void>;
}
