import { createHash } from "node:crypto";
import { canonicalJson } from "@loadline/contract";
import type { LoadPlan } from "../types.ts";
import { arrivalChunks, scenarioSeed } from "./arrivals.ts";

export interface ScheduleDigest {
  /** SHA-256, hex. */
  readonly hash: string;
  /** Arrivals per scenario; null where users decide. */
  readonly planned: ReadonlyMap<string, number | null>;
}

/** What will be sent when, as one hash: every offset of open scenarios, the terms of closed ones. */
export function digestSchedule(plan: LoadPlan): ScheduleDigest {
  const hash = createHash("sha256");
  const planned = new Map<string, number | null>();
  for (const name of Object.keys(plan.scenarios).toSorted()) {
    const scenario = plan.scenarios[name];
    if (scenario === undefined) continue;
    hash.update(canonicalJson({ name, seed: plan.seed, scenario }));
    if (scenario.executor !== "constant-arrival-rate") {
      planned.set(name, null);
      continue;
    }
    let count = 0;
    for (const chunk of arrivalChunks(scenario, scenarioSeed(plan.seed, name))) {
      count += chunk.length;
      hash.update(new Uint8Array(chunk.buffer));
    }
    planned.set(name, count);
  }
  return { hash: hash.digest("hex"), planned };
}
