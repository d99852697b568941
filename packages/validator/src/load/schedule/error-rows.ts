/** Codes of schedules, part of the load engine's table. */
export const scheduleErrorRows = {
  LL_LOAD_TRACE_INVALID: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "A trace cannot be replayed.",
    remedy: "Correct the named line of the trace; nothing was sent.",
  },
} as const;
