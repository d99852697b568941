import type { Clock } from "@loadline/kit/clock";

/**
 * What became of a batch. `later`: the sink was not there or busy, the same items are sent again,
 * after `afterMs` at the earliest. `refused`: it will never take them.
 */
export type SendOutcome =
  | { readonly kind: "taken"; readonly rejected: number }
  | { readonly kind: "later"; readonly afterMs?: number | undefined }
  | { readonly kind: "refused" };

export interface ExporterOptions<T> {
  readonly clock: Clock;
  /** Items kept; beyond it the oldest is dropped. */
  readonly queueMax: number;
  /** Items sent at once; as many start a batch before its time. */
  readonly batchMax: number;
  /** Longest wait of an item for its batch, ms. */
  readonly everyMs: number;
  /** Longest time of one batch at the sink, ms; `signal` aborts then. */
  readonly timeoutMs: number;
  /** Waits after failed batches: the first, doubling up to the second, ms. */
  readonly backoffMs: readonly [number, number];
  /** Sends one batch; a rejection counts as `later`. */
  send(batch: readonly T[], signal: AbortSignal): Promise<SendOutcome>;
  onSent?(count: number): void;
  onDropped?(count: number): void;
}

export interface ExporterHealth {
  /** `idle` until the first batch. */
  readonly state: "idle" | "ok" | "down";
  /** Wall-clock ms of the last change of `state`. */
  readonly sinceMs: number;
}

export interface Exporter<T> {
  /** Never waits and never throws. */
  push(item: T): void;
  /** Items not yet taken by the sink. */
  readonly depth: number;
  readonly health: ExporterHealth;
  /** Sends what waits, for at most `withinMs`; what is left counts as dropped. Nothing is taken after. */
  close(withinMs: number): Promise<void>;
}
