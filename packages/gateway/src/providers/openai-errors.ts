import type { ErrorRule } from "../upstream/classify.ts";

/** How servers of OpenAI's shape name errors whose status misleads. */
export const openaiErrors: readonly ErrorRule[] = [
  { status: 429, code: /^(insufficient_quota|billing_hard_limit_reached)$/, failure: "key" },
  { code: /^(invalid_api_key|account_deactivated)$/, failure: "key" },
  { status: 404, code: /^model_not_found$/, failure: "misconfigured" },
  { status: 503, code: /overloaded/, failure: "overloaded" },
  {
    code: /^(context_length_exceeded|content_filter|content_policy_violation|invalid_prompt)$/,
    failure: "caller",
  },
  // Within streams alone, whose status was good: elsewhere the status tells more than these.
  { status: 200, code: /^rate_limit_exceeded$/, failure: "rate_limited" },
  { status: 200, code: /^invalid_request_error$/, failure: "caller" },
];
