import type { ErrorTable } from "@loadline/kit/errors";

/** Codes of a gateway that runs in several processes. */
export const workerErrorTable = {
  LL_SERVER_WORKER: {
    status: 503,
    openaiType: "server_error",
    fault: "platform",
    retryable: true,
    exit: 3,
    summary: "Another process of this gateway does not answer.",
    remedy: "Look for `worker` in the log; a worker that ended is replaced by itself.",
  },
  LL_SERVER_REUSE_PORT: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "This system lets no two processes listen on one port (SO_REUSEPORT).",
    remedy:
      "Set http.distribution to round-robin: the supervisor listens and hands out connections. Or run on Linux.",
  },
} as const satisfies ErrorTable;
