import { gatewayErrors } from "../errors.ts";
import type { AttemptRecord, Refusal } from "../pipeline/exchange.ts";

/** OpenAI's error envelope with our code inside. */
export function errorBody(
  refusal: Refusal,
  requestId: string,
  attempts: readonly AttemptRecord[] = [],
): string {
  const row = gatewayErrors.table[refusal.code];
  return JSON.stringify({
    error: {
      message: refusal.message ?? row.summary,
      type: "openaiType" in row ? row.openaiType : "server_error",
      code: refusal.code,
      param: refusal.param ?? null,
      loadline: ownWords(refusal, requestId, attempts),
    },
  });
}

/** What every API's envelope holds of ours: the request, the remedy and what was tried, if anything. */
export function ownWords(
  { code }: Refusal,
  requestId: string,
  attempts: readonly AttemptRecord[],
): object {
  return {
    requestId,
    remedy: gatewayErrors.table[code].remedy,
    ...(attempts.length > 0 && { attempts: attempts.map(shownAttempt) }),
  };
}

function shownAttempt({ target, failure, status, ms }: AttemptRecord) {
  return { target, class: failure, status, ms };
}

/** The in-band error event that ends a stream whose status was already sent. */
export function errorFrame(refusal: Refusal, requestId: string): Buffer {
  return Buffer.from(`data: ${errorBody(refusal, requestId)}\n\n`);
}
