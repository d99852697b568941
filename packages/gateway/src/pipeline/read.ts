import { isBodyProblem, readRequestBody } from "../body/request.ts";
import { isBodyOperation } from "../body/rules.ts";
import type { BodyRead, Exchange, Refusal } from "./exchange.ts";
import { modelOnly, pending, type Stage } from "./stage.ts";

const usualType = "application/json";
const jsonType = /^application\/json\s*(?:;|$)/i;

/** Keeps the body within its limit and scans it. A larger Content-Length is never read. */
export function readStage(live: { readonly current: { readonly bodyBytesMax: number } }): Stage {
  return {
    id: "read",
    summary: "body within its limit, scanned",
    wired: modelOnly,
    run(x) {
      const picked = x.picked;
      const { bodyBytesMax } = live.current;
      const type = picked?.contentType;
      if (!picked || !type || (type !== usualType && !jsonType.test(type)))
        return { code: "LL_BODY_TYPE" };
      if (picked.contentEncoding && picked.contentEncoding !== "identity")
        return { code: "LL_BODY_TYPE" };
      if (picked.contentLength > bodyBytesMax) return tooLarge(bodyBytesMax);
      x.client.read(bodyBytesMax, (read) => takeBody(x, read, bodyBytesMax));
      return pending;
    },
  };
}

/** The body came, or did not: the exchange goes on, or is refused. */
function takeBody(x: Exchange, read: BodyRead, bodyBytesMax: number): void {
  if (x.isOver) return;
  let refusal: Refusal | undefined;
  try {
    refusal = take(x, read, bodyBytesMax);
  } catch (cause) {
    x.host.onFault(x, cause);
    return;
  }
  x.host.onResume(x, refusal);
}

function take(x: Exchange, read: BodyRead, bodyBytesMax: number): Refusal | undefined {
  if (read === "too_large") return tooLarge(bodyBytesMax);
  if (read === "cut") return { code: "LL_BODY_CUT" };
  const { id } = x.operation;
  if (!isBodyOperation(id)) return { code: "LL_INTERNAL_UNEXPECTED" };
  const body = readRequestBody(read, id);
  if (isBodyProblem(body)) return body;
  x.body = body;
  return undefined;
}

function tooLarge(bodyBytesMax: number): Refusal {
  return { code: "LL_BODY_TOO_LARGE", message: `The body is over ${bodyBytesMax} bytes.` };
}
