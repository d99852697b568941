import { defineErrors } from "@loadline/kit/errors";

/** Error codes of in-process models; the gateway's table spreads these rows. */
export const modelErrorTable = {
  LL_MODEL_DAMAGED: {
    status: 503,
    openaiType: "server_error",
    fault: "platform",
    retryable: false,
    exit: 78,
    summary: "The model file is damaged.",
    remedy: "Restore the GGUF file and compare it with its SHA256SUMS.",
  },
  LL_MODEL_LOAD: {
    status: 503,
    openaiType: "server_error",
    fault: "platform",
    retryable: false,
    exit: 78,
    summary: "The model could not be loaded.",
    remedy: "Run `loadline doctor`; the log line names the cause.",
  },
  LL_MODEL_HOST_EXIT: {
    status: 503,
    openaiType: "server_error",
    fault: "platform",
    retryable: true,
    summary: "The model host ended before it was ready.",
    remedy: "Read its last lines in the log and start it again.",
  },
  LL_MODEL_START_TIMEOUT: {
    status: 503,
    openaiType: "server_error",
    fault: "platform",
    retryable: true,
    summary: "The model host was not ready in time.",
    remedy: "Raise `startTimeoutMs` or use a smaller model.",
  },
} as const;

export const modelErrors = defineErrors(modelErrorTable);
