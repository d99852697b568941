/** Claims of a plan's own on a service's load, as thresholds of the engine. */
import type { Claim } from "@loadline/contract";
import { type BoundClaim, type BoundJob, bindJob } from "../load/index.ts";
import { percent, type ServiceStream } from "./service-claim.ts";

const hundred = (ratio: number): number => Number((ratio * 100).toPrecision(12));

/** The claim as the engine's expression: what it counts follows from it, the verdict from the claim. */
function expressionOf(claim: Claim, { counts }: ServiceStream): string {
  const { kind, target = 0, limit = 0, side } = claim;
  if (kind === "quantile") return `p(${hundred(target)})<${limit}ms`;
  if (kind === "mean") return `avg${side === "above" ? ">" : "<"}${limit}ms`;
  if (kind === "predicate") return "count==0";
  return counts === "bad" ? `rate<${percent(1 - target)}` : `rate>${percent(target)}`;
}

/** The job of a service with one threshold alone: that of the claim. */
export type JobOf = (thresholds: BoundJob["job"]["thresholds"]) => BoundJob["job"];

/** One claim of the plan's own, bound to what the engine counts for it. */
export function bindOwnClaim(
  name: string,
  { claim, stream }: { readonly claim: Claim; readonly stream: ServiceStream },
  jobOf: JobOf,
): BoundClaim {
  const selector = stream.selector.replace("{scenario", `{scenario:${name}`);
  const threshold = `${expressionOf(claim, stream)} confidence(${claim.confidence})`;
  const [bound] = bindJob(jobOf({ [selector]: [{ threshold, id: claim.id }] })).bound;
  if (bound?.claim.kind !== claim.kind) {
    throw new TypeError(`${claim.id}: ${threshold} on ${selector} is no ${claim.kind}`);
  }
  const limits = bound.limits.map((limit) => ({ ...limit, claim: claim.id, stream: claim.of }));
  return { ...bound, claim, limits };
}
