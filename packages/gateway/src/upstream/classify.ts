import type { Http1Fault } from "@loadline/kit/http1";
import type { FailureClass } from "./upstream.ts";

const faultClasses: Readonly<Record<Http1Fault, FailureClass>> = {
  connect: "connect",
  connect_timeout: "timeout",
  tls: "connect",
  dns: "connect",
  reset: "reset",
  protocol: "protocol",
  stale: "reset",
  queue_full: "overloaded",
  queue_timeout: "overloaded",
  aborted: "aborted",
};

/** The class of a transport fault. */
export function classifyFault(fault: Http1Fault): FailureClass {
  return faultClasses[fault];
}

const callerStatuses: ReadonlySet<number> = new Set([400, 413, 422]);
const keyStatuses: ReadonlySet<number> = new Set([401, 402, 403]);

/** The class of a status outside 200-299. */
export function classifyStatus(status: number, hasRetryAfter: boolean): FailureClass {
  if (callerStatuses.has(status)) return "caller";
  if (status === 429) return "rate_limited";
  if (keyStatuses.has(status)) return "key";
  if (status === 529 || (status === 503 && hasRetryAfter)) return "overloaded";
  if (status >= 500) return "server";
  return "misconfigured";
}
