/** Codes of foreign results, drivers and exports, spread into the load engine's table. */
export const interopErrorTable = {
  LL_LOAD_IMPORT_FORMAT: {
    fault: "caller",
    retryable: false,
    exit: 64,
    summary: "The file is no result of k6 or Locust that can be read.",
    remedy:
      "Give what `k6 run --summary-export`, handleSummary, `locust --json` or `locust --csv` wrote.",
  },
  LL_LOAD_EXPORT_UNMAPPED: {
    fault: "caller",
    retryable: false,
    exit: 64,
    summary: "Parts of the plan have no form in k6.",
    remedy: "Change the named parts, or pass `--lossy`: their claims become not_tested.",
  },
  LL_LOAD_DRIVER_MISSING: {
    fault: "caller",
    retryable: false,
    exit: 2,
    summary: "The tool that was to be driven is not on this machine.",
    remedy: "Install it, or name it with `--tool PATH`; until then its claims are not_tested.",
  },
  LL_LOAD_DRIVER_FAILED: {
    fault: "target",
    retryable: true,
    exit: 2,
    summary: "The driven tool left no results.",
    remedy: "Read its output below, correct the script and run again.",
  },
} as const;
