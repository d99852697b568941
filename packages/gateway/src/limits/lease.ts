/** What an exchange used in the end. */
export interface Actual {
  /** Input and output tokens of all attempts. */
  readonly tokens: number;
  /** Nano-units of currency. */
  readonly nano: number;
}

/** What was reserved for one exchange; settled exactly once at its exit. */
export interface Lease {
  /** The request's id; with a suffix when the shared store was asked for it before. */
  readonly id: string;
  /** Flat list of rate-limit headers for the answer. */
  readonly headers: readonly string[];
  /** Output tokens to splice into the request in the place of the client's bound, if any. */
  readonly outputBound: number | undefined;
  /** Tokens held for this request; 0 when no limit counts them. */
  readonly reservedTokens: number;
  /** Nano-units held for this request; 0 when no budget counts them. */
  readonly reservedNano: number;
  /**
   * Refunds or debits the difference to what was used; a second call does nothing. Undefined when
   * nobody can say what was used: everything reserved stays charged.
   */
  settle(actual: Actual | undefined): void;
}
