/** Error codes of reloads; the gateway's table spreads these rows. */
export const snapshotErrorTable = {
  LL_CONFIG_RESTART_NEEDED: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The change needs a restart.",
    remedy: "Undo the change of the keys named in the message, or restart the gateway.",
  },
} as const;
