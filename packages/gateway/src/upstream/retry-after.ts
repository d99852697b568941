/** What asks for longer is asked again after an hour all the same. */
const waitMsMax = 3_600_000;
const seconds = /^\d+(\.\d+)?$/;

/**
 * For how long an answer asks to be left alone, ms: exactly by `retry-after-ms`, else by Retry-After,
 * whose date counts from the answer's own, so that no two clocks are compared; an hour at most.
 * Undefined: it does not say, or nobody can tell.
 */
export function retryAfterMsOf(headers: readonly string[]): number | undefined {
  const waitMs = askedMsOf(headers);
  return waitMs === undefined ? undefined : Math.min(waitMs, waitMsMax);
}

function askedMsOf(headers: readonly string[]): number | undefined {
  const exact = valueOf(headers, "retry-after-ms");
  if (seconds.test(exact)) return Number(exact);
  const text = valueOf(headers, "retry-after");
  if (seconds.test(text)) return Number(text) * 1000;
  const waitMs = Date.parse(text) - Date.parse(valueOf(headers, "date"));
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}

/** The value of a header in a flat list of lower-case names; empty when it is not there. */
function valueOf(headers: readonly string[], name: string): string {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1] ?? "";
  return "";
}
