import { defineErrors } from "@loadline/kit/errors";

export const stackErrors = defineErrors({
  LL_STACK_COMPOSE: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The compose file cannot be read.",
    remedy: "Give a file with a map of services; `docker compose config` prints one.",
  },
  LL_STACK_SECRET: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "A credential the stack refers to is not there.",
    remedy: "Set the named variable or write the named file; the plan holds references only.",
  },
});
