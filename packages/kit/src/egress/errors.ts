import { defineErrors } from "@loadline/kit/errors";

export const egressErrors = defineErrors({
  LL_EGRESS_HOST: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The host is not one this process may connect to.",
    remedy: "Name the host in the plan's target, or do not send it there.",
  },
  LL_EGRESS_BLOCKED: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "A host is, or its name leads to, an address that is not listed.",
    remedy: "Correct the host, or list the address in egress.classes.<class>.addresses.",
  },
  LL_EGRESS_URL: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The address is not an http or https URL.",
    remedy: "Write it as http://host:port/path or https://host/path.",
  },
});
