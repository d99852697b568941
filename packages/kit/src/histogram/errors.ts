import { defineErrors } from "@loadline/kit/errors";

export const histogramErrors = defineErrors({
  LL_LOAD_HISTOGRAM_LAYOUT: {
    fault: "platform",
    retryable: false,
    exit: 3,
    summary: "A histogram has another layout than the one it is to be read or merged as.",
    remedy: "Record both sides with the same precision; read what this version wrote.",
  },
});
