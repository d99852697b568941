/** Error codes of translation between dialects. */
export const translateErrorTable = {
  LL_TRANSLATE_UNSUPPORTED: {
    status: 400,
    openaiType: "invalid_request_error",
    fault: "caller",
    retryable: false,
    summary: "A field of the request has no counterpart in the target's API.",
    remedy: "Leave the field named in `param` out, or set `unsupported: drop` at the target.",
  },
} as const;
