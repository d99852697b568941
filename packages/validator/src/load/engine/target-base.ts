import { createHash } from "node:crypto";
import { traceparentOf } from "@loadline/kit/tracing";
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

/** The target's headers and a request's own, name and value in turn: what both say, its own say. */
export function withOwn(base: readonly string[], own: readonly string[]): readonly string[] {
  if (own.length === 0) return base;
  const named = new Set(own.flatMap((text, at) => (at % 2 === 0 ? [text.toLowerCase()] : [])));
  const isOwn = (at: number): boolean => named.has((base[at - (at % 2)] ?? "").toLowerCase());
  return [...base.filter((_, at) => !isOwn(at)), ...own];
}

/** What joins the run with the target's logs and traces; no span is recorded here: not sampled. */
function runHeaders({ runId }: LoadPlan): string[] {
  if (runId === undefined) return [];
  const digest = createHash("sha256").update(runId).digest("hex");
  const parent = traceparentOf(digest.slice(0, 32), digest.slice(32, 48), false);
  return ["x-loadline-run", runId, "traceparent", parent];
}

function headersOf(plan: LoadPlan, url: URL, key: string | undefined): string[] {
  const bearer = key === undefined ? plan.target.apiKey : plan.target.keys?.[key];
  if (key !== undefined && bearer === undefined) {
    throw loadErrors.make("LL_LOAD_PLAN_INVALID", `target.keys holds no key named ${key}.`);
  }
  const ours = ["user-agent", "loadline", "accept-encoding", "identity", ...runHeaders(plan)];
  const given = Object.entries(plan.target.headers ?? {}).flat();
  const authorization = bearer === undefined ? [] : ["authorization", `Bearer ${bearer}`];
  return ["host", url.host, ...authorization, ...withOwn(ours, given)];
}
