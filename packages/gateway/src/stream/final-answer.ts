import type { Refusal } from "../pipeline/exchange.ts";
import type { AttemptFailure } from "./attempt.ts";

const shortestWaitMs = 1000;

/**
 * The answer when nothing was sent and no target is left: busy upstreams are 429 with the smallest
 * Retry-After, silent ones 504, the rest 502; 503 with `retryAfterMs` when nothing could be tried.
 */
export function finalAnswer(failures: readonly AttemptFailure[], retryAfterMs: number): Refusal {
  const last = failures.at(-1);
  if (!last) return { code: "LL_ROUTE_NO_TARGET", retryAfterMs };
  if (last.failure === "caller") {
    return { code: "LL_BODY_FIELD", message: "The upstream refused the request." };
  }
  if (failures.every(isBusy)) {
    const isLimit = failures.every((f) => f.failure === "rate_limited");
    const code = isLimit ? "LL_UPSTREAM_BUSY" : "LL_ROUTE_NO_TARGET";
    return { code, retryAfterMs: Math.min(...failures.map((f) => waitOf(f, retryAfterMs))) };
  }
  if (last.failure === "timeout") return { code: "LL_UPSTREAM_TIMEOUT" };
  if (failures.every((f) => f.failure === "key")) return { code: "LL_UPSTREAM_AUTH" };
  return { code: "LL_UPSTREAM_FAILED" };
}

function isBusy(failure: AttemptFailure): boolean {
  const { failure: name } = failure;
  return name === "rate_limited" || name === "overloaded" || name === "busy";
}

function waitOf(failure: AttemptFailure, otherwiseMs: number): number {
  return failure.retryAfterMs ?? Math.max(shortestWaitMs, otherwiseMs);
}
