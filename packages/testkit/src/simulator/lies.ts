/** Ways to break a promise of the API, each on its own; absent = honest. */
export interface Lies {
  /** 200 with an error body in place of a completion. */
  readonly errorBody200?: boolean;
  /** Streams end without `[DONE]`. */
  readonly noDone?: boolean;
  readonly noUsage?: boolean;
  /** 200 for a body that is not JSON. */
  readonly acceptMalformed?: boolean;
  /** Keys are not checked. */
  readonly noAuth?: boolean;
  readonly acceptOversized?: boolean;
  readonly emptyChoices?: boolean;
  /** Choices of a stream lack their index. */
  readonly noIndex?: boolean;
}
