import { defineErrors } from "@loadline/kit/errors";
import { attestationErrors } from "./attestation/errors.ts";

export const validatorErrors = defineErrors({
  ...attestationErrors,
  LL_PLAN_FILE: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The plan file cannot be read.",
    remedy: "Check the path and its permissions.",
  },
  LL_PLAN_INVALID: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The plan file is not valid.",
    remedy: "Correct the named line; `loadline plan --schema` prints what is expected.",
  },
  LL_PLAN_OVER_BUDGET: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The stages of the plan do not fit the time it announces.",
    remedy: "Raise `budgetMinutes`, shorten the load, or leave a stage out with `--skip`.",
  },
  LL_RUN_RESUME: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The run cannot be resumed.",
    remedy: "Start a new run with the same plan: `loadline validate --plan FILE`.",
  },
  LL_RUN_DIRECTORY: {
    fault: "caller",
    retryable: false,
    exit: 3,
    summary: "The run directory cannot be written.",
    remedy: "Check the path given by `--out` or `--state`, its permissions and free space.",
  },
  LL_RUN_WRITE: {
    fault: "caller",
    retryable: false,
    exit: 3,
    summary: "The folder of the run cannot be written to, so the run has no verdict.",
    remedy: "Free space there, or give another folder with `--out` or `--state`, then run again.",
  },
  LL_BUNDLE_READ: {
    fault: "caller",
    retryable: false,
    exit: 3,
    summary: "The bundle cannot be read.",
    remedy: "Give the run directory, or a tar or tar.gz of it.",
  },
});
