import { blockPlan } from "./compare/interleave.ts";
import type { BoundJob } from "./job.ts";
import { checkLoadPlan } from "./plan/check.ts";

/**
 * Refuses what would be refused on the way: a host that is not allowed, the other one of an A/B run
 * too, terms that are not valid or above a cap, and scenarios that have no blocks. Nothing is sent.
 * @throws LL_LOAD_PLAN_INVALID, LL_LOAD_HOST_REFUSED, LL_LOAD_ABOVE_CAP
 */
export function checkJob({ job, load }: BoundJob): void {
  checkLoadPlan(load);
  const { ab, triples = 0 } = job;
  if (ab !== undefined) checkLoadPlan(blockPlan({ load, other: ab, triples }, "b", 0));
}
