const broken = {
  openaiType: "upstream_error",
  fault: "upstream",
  retryable: true,
} as const;

/** Codes of streams that end in an error event. */
export const streamErrorTable = {
  LL_STREAM_CUT: {
    ...broken,
    status: 502,
    summary: "The upstream ended the stream before it was complete.",
    remedy: "Send the request again.",
  },
  LL_STREAM_STALL: {
    ...broken,
    status: 504,
    summary: "The upstream stopped sending in the middle of the stream.",
    remedy: "Send the request again, or raise timeouts.idle.",
  },
  LL_STREAM_TOO_SLOW: {
    ...broken,
    status: 504,
    summary: "The upstream sent less than stream.minBytesPerS for 30 seconds.",
    remedy: "Send the request again, or lower stream.minBytesPerS.",
  },
  LL_STREAM_BAD_EVENT: {
    ...broken,
    status: 502,
    summary: "The upstream sent an event that cannot be read.",
    remedy: "Send the request again.",
  },
  LL_STREAM_OVER_BOUND: {
    ...broken,
    status: 502,
    summary: "The upstream sent far more output than the request allowed.",
    remedy: "Raise max_completion_tokens, or correct the upstream that ignores it.",
  },
  LL_STREAM_UPSTREAM_ERROR: {
    ...broken,
    status: 502,
    summary: "The upstream reported an error in the middle of the stream.",
    remedy: "Send the request again.",
  },
} as const;
