const stateConfig = { fault: "caller", retryable: false, exit: 78 } as const;

/** Error codes of the SQL store; the gateway's table spreads these rows. */
export const stateErrorTable = {
  LL_STATE_UNAVAILABLE: {
    status: 503,
    openaiType: "server_error",
    fault: "platform",
    retryable: true,
    exit: 3,
    summary: "The SQL store does not answer.",
    remedy: "Look at components.sql of /health; check stores.sql and the database server.",
  },
  LL_STATE_READ_ONLY: {
    fault: "platform",
    retryable: true,
    summary: "The SQL store answers and takes no writes.",
    remedy: "Look for a full disk, a standby or default_transaction_read_only at the server.",
  },
  LL_STATE_CONFLICT: {
    status: 409,
    openaiType: "invalid_request_error",
    fault: "caller",
    retryable: false,
    exit: 64,
    summary: "A row with this id exists already.",
    remedy: "Choose another id, or change the row that exists.",
  },
  LL_STATE_FIELD: {
    status: 400,
    openaiType: "invalid_request_error",
    fault: "caller",
    retryable: false,
    exit: 64,
    summary: "A page or batch is out of its bounds, or a value cannot be stored.",
    remedy: "Ask for 1 to 1,000 rows at once; the log names the value's column, if it is one.",
  },
  LL_CLOCK_SKEW: {
    fault: "platform",
    retryable: true,
    summary: "The clock of this machine and that of the SQL store differ by more than 60 s.",
    remedy: "Let both machines follow one time source; keys end and budgets begin by their clocks.",
  },
  LL_STATE_BACKUP: {
    ...stateConfig,
    summary: "The backup before a schema change could not be made or was not whole.",
    remedy: "Make space beside the database and check its `backups` folder's permissions.",
  },
  LL_STATE_MIGRATION: {
    ...stateConfig,
    summary: "The schema of the SQL store could not be brought to this version.",
    remedy: "Give the user of stores.sql the right to create tables; the log names the cause.",
  },
  LL_STATE_URL: {
    ...stateConfig,
    summary: "The address of the SQL store cannot be used.",
    remedy: "Write stores.sql as `sqlite:`, `sqlite:PATH` or `postgres://user@host:port/database`.",
  },
} as const;
