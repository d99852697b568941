import { defineErrors } from "@loadline/kit/errors";

export const histogramErrors = defineErrors({
  LL_LOAD_HISTOGRAM_LAYOUT: {
    fault: "platform",
    retryable: false,
    exit: 3,
    summary: "Histograms of different layouts cannot be merged.",
    remedy: "Record both sides with the same precision.",
  },
});
