import { type GrowingLabel, growingLabel } from "@loadline/kit/metrics";
import type { GatewayConfig } from "../config/schema.ts";
import { gatewayErrors } from "../errors.ts";

/** Label values of the metrics: all names the configurations of this process ever had. */
export interface MetricNames {
  readonly routes: GrowingLabel;
  /** The same with `_none` before them: a route is one further on. */
  readonly routesOrNone: GrowingLabel;
  readonly targets: GrowingLabel;
  readonly models: GrowingLabel;
  /** Adds the names of a configuration. LL_CONFIG_RESTART_NEEDED when they become too many. */
  grow(config: GatewayConfig): void;
}

/** Series exist for as long as the process, so their number is bounded. */
const namesMax = 4096;

export function createNames(max: number = namesMax): MetricNames {
  const routes = growingLabel([], max);
  const routesOrNone = growingLabel(["_none"], max + 1);
  const targets = growingLabel([], max);
  const models = growingLabel([], max);
  const fits = (label: GrowingLabel, names: readonly string[]): boolean => {
    const fresh = new Set(names.filter((name) => label.indexOf(name) < 0));
    return label.values.length + fresh.size <= max;
  };
  return {
    routes,
    routesOrNone,
    targets,
    models,
    grow(config) {
      const routeNames = Object.keys(config.routes);
      const targetNames = Object.keys(config.targets);
      const modelNames = Object.values(config.routes).flatMap((route) => route.models);
      const isTooMany =
        !fits(routes, routeNames) || !fits(targets, targetNames) || !fits(models, modelNames);
      if (isTooMany)
        throw gatewayErrors.make(
          "LL_CONFIG_RESTART_NEEDED",
          `routes, targets, models: over ${max} names since the start; nothing was applied.`,
        );
      routes.grow(routeNames);
      routesOrNone.grow(routeNames);
      targets.grow(targetNames);
      models.grow(modelNames);
    },
  };
}
