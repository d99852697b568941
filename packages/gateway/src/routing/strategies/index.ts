import type { Random } from "@loadline/kit/random";
import type { StrategyId } from "../config.ts";
import { cheapest } from "./cheapest.ts";
import { leastLatency } from "./least-latency.ts";
import { prefixAffinity } from "./prefix-affinity.ts";
import { priority } from "./priority.ts";
import type { Strategy } from "./strategy.ts";
import { weighted } from "./weighted.ts";

/** The only registry of strategies; the configuration follows it. */
export function createStrategies(random: Random): Readonly<Record<StrategyId, Strategy>> {
  return {
    priority,
    weighted,
    cheapest,
    "least-latency": leastLatency(random),
    "prefix-affinity": prefixAffinity,
  };
}
