import { loadErrors } from "../errors.ts";
import type { LoadPlan } from "../types.ts";

/** Path prefix and headers of every request to the target. */
export interface TargetBase {
  readonly path: string;
  readonly headers: readonly string[];
}

/**
 * What every request to a plan's target begins with. @throws LL_LOAD_PLAN_INVALID for a key that the
 * plan does not hold.
 */
export function targetBase(plan: LoadPlan, url: URL, key?: string): TargetBase {
  return { path: url.pathname.replace(/\/+$/, ""), headers: headersOf(plan, url, key) };
}

function headersOf(plan: LoadPlan, url: URL, key: string | undefined): string[] {
  const headers = ["host", url.host, "user-agent", "loadline", "accept-encoding", "identity"];
  const bearer = key === undefined ? plan.target.apiKey : plan.target.keys?.[key];
  if (key !== undefined && bearer === undefined) {
    throw loadErrors.make("LL_LOAD_PLAN_INVALID", `target.keys holds no key named ${key}.`);
  }
  if (bearer !== undefined) headers.push("authorization", `Bearer ${bearer}`);
  for (const [name, value] of Object.entries(plan.target.headers ?? {})) headers.push(name, value);
  return headers;
}
