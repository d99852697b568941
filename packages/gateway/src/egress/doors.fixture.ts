import { TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics } from "@loadline/kit/metrics";
import { egressConfig } from "./config.ts";
import { createEgressDoors, type EgressDoors } from "./doors.ts";

/** The doors of a gateway without an `egress` section. */
export function usualDoors(): EgressDoors {
  const clock = new TestClock();
  const logger = createLogger({ clock, write: () => undefined });
  return createEgressDoors(egressConfig.parse({}), { clock, logger, metrics: createMetrics() });
}
