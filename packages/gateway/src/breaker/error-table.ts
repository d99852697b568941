/** Error codes of breakers; the gateway's table spreads these rows. */
export const breakerErrorTable = {
  LL_BREAKER_TRACE: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The recorded outcomes cannot be read.",
    remedy:
      "Give the log of `loadline serve`, with --target where it tells of several, or one JSON object " +
      'a line, such as {"t":1000,"outcome":"ok"}, with t in ms never falling.',
  },
} as const;
