const refused = { fault: "upstream", retryable: false } as const;

/** Codes of answers that are not taken; they stand in the log, beside the target's failure. */
export const egressErrorTable = {
  LL_EGRESS_REDIRECT: {
    ...refused,
    summary: "A host answered with a redirect, which is never followed.",
    remedy: "Write the address it redirects to into the configuration, if it is meant.",
  },
  LL_EGRESS_BODY: {
    ...refused,
    summary: "A whole answer was larger than egress.bodyBytesMax or egress.decodedBytesMax.",
    remedy: "Ask for less at once, or raise the bound.",
  },
} as const;
