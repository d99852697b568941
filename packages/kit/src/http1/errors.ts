import { defineErrors } from "@loadline/kit/errors";

export const http1Errors = defineErrors({
  LL_HTTP1_REQUEST: {
    fault: "caller",
    retryable: false,
    summary: "The request cannot be written as HTTP/1.1.",
    remedy: "Remove control characters from the method, path and headers.",
  },
});
