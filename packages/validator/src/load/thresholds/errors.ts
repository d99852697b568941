/** Codes of thresholds, spread into the load engine's table. */
export const thresholdErrorTable = {
  LL_LOAD_THRESHOLD_SYNTAX: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "A threshold cannot be read.",
    remedy: "Write it as `p(99)<2s`; the mark shows where reading stopped.",
  },
  LL_LOAD_THRESHOLD_TYPE: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "A threshold asks for an aggregation or a unit its metric does not have.",
    remedy: "Use one of the aggregations and units named in the message.",
  },
  LL_LOAD_METRIC_UNKNOWN: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "A threshold names a metric, tag or tag value that does not exist.",
    remedy: "Use the nearest name given in the message.",
  },
  LL_LOAD_CLAIM_MODEL: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "A claim about a rate stands on a closed model, where users decide the rate.",
    remedy: "Use `constant-arrival-rate`, or drop the rate from the claim.",
  },
} as const;
