/** Error codes of the admin plane; the gateway's table spreads these rows. */
export const adminErrorTable = {
  LL_BODY_UNKNOWN_FIELD: {
    status: 400,
    openaiType: "invalid_request_error",
    fault: "caller",
    retryable: false,
    summary: "The body has a member that does not exist.",
    remedy: "Remove the member named in the message; /admin/docs lists the members.",
  },
  LL_QUERY_FIELD: {
    status: 400,
    openaiType: "invalid_request_error",
    fault: "caller",
    retryable: false,
    summary: "A query parameter does not exist or has a value that is not allowed.",
    remedy: "Correct the parameter named in the message; /admin/docs lists the parameters.",
  },
  LL_ADMIN_ADDRESS: {
    status: 403,
    openaiType: "permission_error",
    fault: "caller",
    retryable: false,
    summary: "The admin plane is not open to this address.",
    remedy: "Call it from an address of admin.allowFrom, by default the machine itself.",
  },
  LL_ADMIN_UNAVAILABLE: {
    status: 503,
    openaiType: "server_error",
    fault: "platform",
    retryable: true,
    summary: "This gateway does not run the part that the operation asks.",
    remedy: "Enable the part named in the message in the configuration.",
  },
  LL_BREAKER_UNKNOWN: {
    status: 404,
    openaiType: "invalid_request_error",
    fault: "caller",
    retryable: false,
    summary: "There is no such breaker.",
    remedy: "List the breakers with GET /admin/v1/breakers.",
  },
} as const;
