/** Codes of plans, scenarios and feeders, part of the load engine's table. */
export const scenarioErrorRows = {
  LL_LOAD_FEED_INVALID: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "A feeder's data is not valid.",
    remedy: "Correct the named line of the file; nothing was sent.",
  },
  LL_LOAD_SCENARIO_IMPORT: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "A scenario's module cannot be used.",
    remedy: "Export the named function; do nothing at import but define.",
  },
  LL_LOAD_SECRET: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "A secret that the load plan refers to is not there.",
    remedy: "Set the named variable, or create the named file, where the command runs.",
  },
  LL_LOAD_HOOK: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "A scenario's setup did not end well; no load was sent.",
    remedy: "Correct the setup function, or what it needs of the target.",
  },
} as const;
