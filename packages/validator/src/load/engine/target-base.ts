import type { LoadPlan } from "../types.ts";

/** Path prefix and headers of every request to the target. */
export interface TargetBase {
  readonly path: string;
  readonly headers: readonly string[];
}

/** What every request to a plan's target begins with. */
export function targetBase(plan: LoadPlan, url: URL): TargetBase {
  return { path: url.pathname.replace(/\/+$/, ""), headers: headersOf(plan, url) };
}

function headersOf(plan: LoadPlan, url: URL): string[] {
  const headers = ["host", url.host, "user-agent", "loadline", "accept-encoding", "identity"];
  if (plan.target.apiKey !== undefined) {
    headers.push("authorization", `Bearer ${plan.target.apiKey}`);
  }
  for (const [name, value] of Object.entries(plan.target.headers ?? {})) headers.push(name, value);
  return headers;
}
