/** Error codes of the audit log; the gateway's table spreads these rows. */
export const auditLogErrorTable = {
  LL_AUDITLOG_FULL: {
    status: 503,
    openaiType: "server_error",
    fault: "platform",
    retryable: true,
    summary: "The audit log cannot take another entry.",
    remedy: "Free the store named in /health, or set auditLog.onFull: continue to lose entries.",
  },
  LL_AUDITLOG_KEY: {
    fault: "platform",
    retryable: false,
    exit: 3,
    summary: "The key that signs the audit log's heads cannot be used.",
    remedy: "Restore audit-key.pem of the state directory with mode 0600.",
  },
  LL_AUDITLOG_PUBLIC_KEY: {
    fault: "platform",
    retryable: false,
    exit: 3,
    summary: "The public key that checks the audit log's heads cannot be used.",
    remedy:
      "Name a copy of the gateway's audit-key.pub.pem with --key, or make it again in the state directory: openssl pkey -in audit-key.pem -pubout -out audit-key.pub.pem.",
  },
  LL_AUDITLOG_UNREADABLE: {
    fault: "platform",
    retryable: false,
    exit: 3,
    summary: "The audit log cannot be read.",
    remedy: "Check --state and --config; restore a backup when the database is damaged.",
  },
  LL_AUDITLOG_PROOF: {
    fault: "caller",
    retryable: false,
    exit: 2,
    summary: "The log holds no proof of this.",
    remedy: "Name an entry that a signed head covers: --tenant, --seq and --heads.",
  },
  LL_AUDITLOG_TAMPERED: {
    fault: "platform",
    retryable: false,
    exit: 1,
    summary: "The log is not what was written, so nothing of it is removed.",
    remedy: "Run loadline audit-log verify, keep the database, and restore a backup beside it.",
  },
  LL_AUDITLOG_HEADS: {
    fault: "platform",
    retryable: true,
    exit: 3,
    summary: "The file of signed heads cannot be read or written.",
    remedy: "Check the path in auditLog.heads, its permissions and free space.",
  },
} as const;
