/** What an answer from elsewhere may not be. */
export interface AnswerRules {
  /** Bytes of a whole answer as it comes; streams are bounded by what they say. */
  readonly bodyBytesMax: number;
  /** Bytes of one that came compressed, decoded. */
  readonly decodedBytesMax: number;
  /** Told of each answer that was one of these. */
  refused(reason: "redirect" | "size"): void;
}

/** Nothing is refused and nobody told. */
export const anyAnswer: AnswerRules = {
  bodyBytesMax: Number.POSITIVE_INFINITY,
  decodedBytesMax: Number.POSITIVE_INFINITY,
  refused: () => undefined,
};

/** Whether a status sends its reader elsewhere; nobody here goes. */
export function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}
