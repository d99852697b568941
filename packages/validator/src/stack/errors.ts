import { defineErrors } from "@loadline/kit/errors";

export const stackErrors = defineErrors({
  LL_STACK_SECRET: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "A credential the stack refers to is not there.",
    remedy: "Set the named variable or write the named file; the plan holds references only.",
  },
});
