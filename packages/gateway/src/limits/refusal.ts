import type { Refusal } from "../pipeline/exchange.ts";
import type { LimitResource } from "./config.ts";
import { refusalHeaders, type Stated, waitMs } from "./headers.ts";
import type { Denial } from "./plan.ts";

const codes = {
  requests: "LL_LIMIT_REQUESTS",
  tokens: "LL_LIMIT_TOKENS",
  money: "LL_BUDGET_EXHAUSTED",
  concurrency: "LL_LIMIT_CONCURRENCY",
} as const;

const messages: Readonly<Record<LimitResource, string>> = {
  requests: "The limit of requests is reached",
  tokens: "The limit of tokens is reached",
  money: "The budget does not cover this request",
  concurrency: "Too many requests are under way at once",
};

/** The answer to a call that a limit refused. */
export function refusalOf(
  o: Stated & { readonly denial: Denial },
  nowUs: number,
  clock: { wallMs(): number },
): Refusal {
  const { denial, plan } = o;
  const dim = plan.dims[denial.index];
  if (!dim) return { code: "LL_LIMIT_CAPACITY", retryAfterMs: waitMs(denial) };
  const headers = refusalHeaders(o, nowUs, clock);
  if (denial.isTooLarge) {
    const message = `The request asks for ${o.ask.tokens} tokens; ${dim.name} never holds as many.`;
    return { code: "LL_LIMIT_TOO_LARGE", message, headers };
  }
  const message = `${messages[dim.resource]} (${dim.name}).`;
  const code = codes[dim.resource];
  if (dim.resource === "money") return { code, message, headers };
  return { code, message, headers, retryAfterMs: waitMs(denial) };
}
