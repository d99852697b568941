/** Why a report was not read. */
export const lintErrors = {
  LL_LINT_SIZE: {
    fault: "caller",
    retryable: false,
    exit: 2,
    summary: "The report is larger than 5 MiB and was not read.",
    remedy: "Cut the report into parts, or remove raw data from it.",
  },
  LL_LINT_BINARY: {
    fault: "caller",
    retryable: false,
    exit: 2,
    summary: "The file is no text and was not read.",
    remedy: "Give the report as Markdown, text, HTML or JSON.",
  },
} as const;
