import { gatewayErrors, statusOf } from "../../errors.ts";
import type { AttemptRecord, Refusal } from "../../pipeline/exchange.ts";
import { ownWords } from "../envelope.ts";

const types: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  405: "invalid_request_error",
  413: "request_too_large",
  429: "rate_limit_error",
  503: "overloaded_error",
  504: "timeout_error",
};

/** Anthropic's error envelope with our code inside. */
export function errorBody(
  refusal: Refusal,
  requestId: string,
  attempts: readonly AttemptRecord[] = [],
): string {
  const row = gatewayErrors.table[refusal.code];
  const status = statusOf(refusal.code);
  return JSON.stringify({
    type: "error",
    error: {
      type: types[status] ?? (status >= 500 ? "api_error" : "invalid_request_error"),
      message: refusal.message ?? row.summary,
      code: refusal.code,
      param: refusal.param ?? null,
      loadline: ownWords(refusal, requestId, attempts),
    },
    request_id: requestId,
  });
}

/** The in-band error event that ends a stream whose status was already sent. */
export function errorFrame(refusal: Refusal, requestId: string): Buffer {
  return Buffer.from(`event: error\ndata: ${errorBody(refusal, requestId)}\n\n`);
}
