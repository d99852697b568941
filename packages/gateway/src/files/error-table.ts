const invalid = { openaiType: "invalid_request_error", fault: "caller", retryable: false } as const;
const platform = { openaiType: "server_error", fault: "platform" } as const;

/** Error codes of uploads; the gateway's table spreads these rows. */
export const fileErrorTable = {
  LL_FILE_STORE_OFF: {
    ...invalid,
    status: 404,
    summary: "This gateway keeps no files.",
    remedy: "Set stores.objects, for example to file:.",
  },
  LL_FILE_STORE_AWAY: {
    ...platform,
    status: 503,
    retryable: true,
    summary: "The object store does not answer, or refuses the gateway's calls.",
    remedy: "Try again after Retry-After; components.objects of /health says when it is back.",
  },
  LL_FILE_STORE_FULL: {
    ...platform,
    status: 507,
    retryable: false,
    summary: "The object store has no room left.",
    remedy: "Delete files, or give the store of stores.objects more room.",
  },
  LL_FILE_DAMAGED: {
    ...platform,
    status: 500,
    retryable: false,
    summary: "The bytes of the file are not those that were uploaded.",
    remedy: "Upload the file again; compare the object store with its backup.",
  },
  LL_FILE_TOO_MANY: {
    ...invalid,
    status: 409,
    summary: "The tenant keeps as many files as it may.",
    remedy: "Delete files with DELETE /v1/files/ID.",
  },
  LL_FILE_BUSY: {
    ...platform,
    status: 503,
    retryable: true,
    summary: "Too many files are on their way through this process.",
    remedy: "Try again after Retry-After.",
  },
  LL_BODY_MULTIPART: {
    ...invalid,
    status: 400,
    summary: "The request body is not a well-formed multipart/form-data.",
    remedy: "Send the parts `file` and `purpose` once each, as the OpenAI clients do.",
  },
} as const;
