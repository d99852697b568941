import { limitWarnings } from "../limits/warnings.ts";
import { namedTargets } from "../routing/config.ts";
import { routingWarnings } from "../routing/warnings.ts";
import type { GatewayConfig } from "./schema.ts";

/** What a configuration that holds may do though it is seldom meant; one sentence each. */
export function configWarnings(config: GatewayConfig): string[] {
  const idle = Object.keys(config.targets).filter((target) => !isNamed(config, target));
  return [
    ...(Object.keys(config.routes).length === 0
      ? ["there is no route, so every model is unknown. Add one to routes."]
      : []),
    ...idle.map((target) => `targets.${target} is of no route, so it gets no call.`),
    ...routingWarnings(config),
    ...limitWarnings(config),
  ];
}

function isNamed({ routes }: GatewayConfig, target: string): boolean {
  return Object.values(routes).some((route) => namedTargets(route).includes(target));
}
