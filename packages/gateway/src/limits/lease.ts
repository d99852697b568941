import type { Usage } from "../pipeline/exchange.ts";

/** What was reserved for one exchange; settled exactly once at its exit. */
export interface Lease {
  /** The request's id. */
  readonly id: string;
  /** Flat list of rate-limit headers for the answer. */
  readonly headers: readonly string[];
  /** Output tokens to splice into the request when the client gave no bound. */
  readonly outputBound: number | undefined;
  /** Refunds or debits the difference to what was used; a second call does nothing. */
  settle(usage: Usage | undefined): void;
}
