import { codeOf } from "@loadline/kit/errors";
import type { FailureClass } from "../upstream.ts";

const timeouts = /^(UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT|ETIMEDOUT)$/;
const protocols = /^(HTTPParserError|HPE_\w+|UND_ERR_HEADERS_OVERFLOW|ERR_HTTP2_\w+)$/;
const lengthMismatch = "UND_ERR_RES_CONTENT_LENGTH_MISMATCH";
/** A proxy's refusal among them. */
const unconnected = /^UND_ERR_(INVALID_ARG|ABORTED|PRX_\w+)$/;
const closed = /^UND_ERR_(DESTROYED|CLOSED)$/;
const deaths = /^(UND_ERR_SOCKET|ECONNRESET|EPIPE|ECONNABORTED)$/;

/** How far a call had come: on its way to a connection, sent, or its answer's head read. */
export type Progress = "unsent" | "sent" | "answered";

/** The class of what undici reports. */
export function classifyError(error: Error, progress: Progress): FailureClass {
  const code = codeOf(error, error.name);
  if (closed.test(code)) return "aborted";
  if (timeouts.test(code)) return "timeout";
  if (progress === "unsent" || unconnected.test(code)) return "connect";
  if (protocols.test(code)) return "protocol";
  // Of a head it means that its lengths contradict each other, of a body that it was cut.
  if (code === lengthMismatch && progress === "sent") return "protocol";
  return "reset";
}

/** Whether the connection died: on one that was idle before, that says nothing of the request. */
export function isDeath(error: Error): boolean {
  return deaths.test(codeOf(error));
}
