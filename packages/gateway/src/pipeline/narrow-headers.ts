import type { Narrowing } from "../body/narrowing.ts";
import type { Exchange, Refusal } from "./exchange.ts";

const timeoutMsMax = 86_400_000;
const integerPattern = /^[1-9]\d{0,8}$/;
const routePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** Names the validation run a probe belongs to, so that an owner can join it with the logs. */
const runHeader = "x-loadline-run";

/** Takes one `x-loadline-*` header of a caller; any that is not known is refused. */
export function takeNarrowing(x: Exchange, name: string, value: string): Refusal | undefined {
  if (!name.startsWith("x-loadline-") || name === runHeader) return undefined;
  const before = x.narrow ?? { timeoutMs: undefined, route: undefined, noFallback: false };
  const read = readOne(name, value);
  if ("code" in read) return read;
  if (read.route !== undefined && (before.route ?? read.route) !== read.route)
    return { code: "LL_BODY_FIELD", message: "Two routes are asked for.", param: name };
  x.narrow = narrower(before, { ...before, ...read });
  return undefined;
}

/** Both at once: the shorter time, no fallback when one says so; undefined when routes differ. */
export function bothNarrowings(a: Narrowing, b: Narrowing): Narrowing | undefined {
  if (a.route !== undefined && b.route !== undefined && a.route !== b.route) return undefined;
  return { ...narrower(a, b), route: a.route ?? b.route };
}

function narrower(a: Narrowing, b: Narrowing): Narrowing {
  const timeoutMs = Math.min(a.timeoutMs ?? Infinity, b.timeoutMs ?? Infinity);
  return {
    timeoutMs: timeoutMs === Infinity ? undefined : timeoutMs,
    route: b.route ?? a.route,
    noFallback: a.noFallback || b.noFallback,
  };
}

function readOne(name: string, value: string): Partial<Narrowing> | Refusal {
  switch (name) {
    case "x-loadline-timeout-ms":
      if (!integerPattern.test(value) || Number(value) > timeoutMsMax) return malformed(name);
      return { timeoutMs: Number(value) };
    case "x-loadline-route":
      return routePattern.test(value) ? { route: value } : malformed(name);
    case "x-loadline-no-fallback":
      if (value === "1" || value === "true") return { noFallback: true };
      return value === "0" || value === "false" ? {} : malformed(name);
    default:
      return { code: "LL_BODY_FIELD", message: `header ${name} is not known`, param: name };
  }
}

function malformed(name: string): Refusal {
  return { code: "LL_BODY_FIELD", message: `header ${name} is malformed`, param: name };
}
