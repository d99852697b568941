/** Error codes of limits and budgets; the gateway's table spreads these rows. */
const limited = {
  status: 429,
  openaiType: "rate_limit_error",
  fault: "caller",
  retryable: true,
} as const;
const refused = {
  status: 400,
  openaiType: "invalid_request_error",
  fault: "caller",
  retryable: false,
} as const;

export const limitErrorTable = {
  LL_LIMIT_ADDRESS: {
    ...limited,
    summary: "Too many failed authentications came from this address.",
    remedy: "Wait as long as Retry-After says and send a key that is known.",
  },
  LL_LIMIT_REQUESTS: {
    ...limited,
    summary: "The limit of requests is reached.",
    remedy: "Wait as long as Retry-After says; x-loadline-limit names the limit.",
  },
  LL_LIMIT_TOKENS: {
    ...limited,
    summary: "The limit of tokens is reached.",
    remedy: "Wait as long as Retry-After says, or ask for a smaller max_tokens.",
  },
  LL_LIMIT_CONCURRENCY: {
    ...limited,
    summary: "Too many requests are under way at once.",
    remedy: "Send the request again when another one has ended.",
  },
  LL_LIMIT_TOO_LARGE: {
    ...refused,
    summary: "One request asks for more than its limit ever holds.",
    remedy: "Send less text or a smaller max_tokens; waiting does not help.",
  },
  LL_LIMIT_CAPACITY: {
    status: 503,
    openaiType: "server_error",
    fault: "platform",
    retryable: true,
    summary: "More limiters are in use than this gateway keeps.",
    remedy: "Run more replicas, or limit by tenant instead of by key.",
  },
  LL_BUDGET_EXHAUSTED: {
    status: 402,
    openaiType: "insufficient_quota",
    fault: "caller",
    retryable: false,
    summary: "The budget does not cover this request.",
    remedy: "Raise the limit of resource money, or wait for its next period.",
  },
  LL_BUDGET_UNAVAILABLE: {
    status: 503,
    openaiType: "server_error",
    fault: "platform",
    retryable: true,
    summary: "What a budget has spent cannot be read now.",
    remedy: "Look at components.sql of /health, then send the request again.",
  },
  LL_BUDGET_PRICE_UNKNOWN: {
    ...refused,
    summary: "A budget applies, but the model has no price.",
    remedy: "Set prices.<model>.input and .output.",
  },
} as const;
