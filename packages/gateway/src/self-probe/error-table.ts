import type { ErrorTable } from "@loadline/kit/errors";

const unready = { fault: "platform", retryable: false } as const;

/** Codes among the reasons of /readyz. */
export const selfProbeErrorTable = {
  LL_SERVER_SELF_PROBE: {
    ...unready,
    summary: "The gateway's call to itself was not answered as it has to be.",
    remedy:
      "Look up the status and code in the reason and the log line self_probe; the call is made again.",
  },
  LL_SERVER_SELF_PROBE_SILENT: {
    ...unready,
    summary: "The gateway's call to itself got no answer.",
    remedy:
      "Look whether listen.host can be connected to from this machine, and whether the process has CPU time; raise selfProbe.timeout on a slow machine. Where a host may not call itself, set selfProbe.enabled: false.",
  },
} as const satisfies ErrorTable;
