import type { ServerResponse } from "node:http";
import { LoadlineError } from "@loadline/kit/errors";
import { modelErrors } from "../error-table.ts";

/** Sends a whole JSON answer. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": bytes.length,
  });
  response.end(bytes);
}

/** The error in OpenAI's envelope. A throwable that is none of ours shows nothing of itself. */
export function errorBody(error: unknown): { status: number; body: unknown; retryMs?: number } {
  const known =
    error instanceof LoadlineError
      ? error
      : modelErrors.make("LL_MODEL_FAILED", undefined, { cause: error });
  const { status = 500, openaiType } = known.row;
  const { message, code, param = null } = known;
  return {
    status,
    body: { error: { message, type: openaiType ?? "server_error", param, code } },
    ...(known.retryAfterMs === undefined ? {} : { retryMs: known.retryAfterMs }),
  };
}

/** Answers with an error, or cuts the connection where an answer has begun. */
export function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, body, retryMs } = errorBody(error);
  if (retryMs !== undefined) response.setHeader("retry-after", Math.ceil(retryMs / 1000));
  if (status === 413) response.setHeader("connection", "close");
  sendJson(response, status, body);
}
