import { defineErrors } from "@loadline/kit/errors";

/** Codes of the selftest. */
export const selftestErrors = defineErrors({
  LL_SELFTEST_NO_SABOTEUR: {
    fault: "platform",
    retryable: false,
    exit: 1,
    summary: "A check has no saboteur: nothing shows that it can fail.",
    remedy: "Give the check a saboteur that must make it fail, with a clean twin.",
  },
  LL_SELFTEST_UNKNOWN: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "No check of the selftest has this id.",
    remedy: "Use an id, or the begin of ids, that `loadline selftest --list` prints.",
  },
});
