import { type GrowingLabel, growingLabel } from "@loadline/kit/metrics";
import type { GatewayConfig } from "../config/schema.ts";
import { gatewayErrors } from "../errors.ts";
import { namedTargets } from "../routing/config.ts";

/** Label values of the metrics: all names the configurations of this process ever had. */
export interface MetricNames {
  readonly routes: GrowingLabel;
  /** The same with `_none` before them: a route is one further on. */
  readonly routesOrNone: GrowingLabel;
  readonly targets: GrowingLabel;
  /** A route and a target of it as `route,target`; beyond 1,024 pairs they are `_other`, the first. */
  readonly routeTargets: GrowingLabel;
  readonly models: GrowingLabel;
  /** Adds the names of a configuration. LL_CONFIG_RESTART_NEEDED when they become too many. */
  grow(config: GatewayConfig): void;
}

/** Series exist for as long as the process, so their number is bounded. */
const namesMax = 4096;
const pairsMax = 1024;

/** Adds the targets of each route, as far as they fit. */
function growPairs(pairs: GrowingLabel, { routes }: Pick<GatewayConfig, "routes">): void {
  const all = Object.entries(routes).flatMap(([name, route]) =>
    namedTargets(route).map((target) => `${name},${target}`),
  );
  const fresh = all.filter((pair) => pairs.indexOf(pair) < 0);
  pairs.grow(fresh.slice(0, pairsMax - pairs.values.length));
}

export function createNames(max: number = namesMax): MetricNames {
  const routes = growingLabel([], max);
  const routesOrNone = growingLabel(["_none"], max + 1);
  const targets = growingLabel([], max);
  const routeTargets = growingLabel(["_other,_other"], pairsMax);
  const models = growingLabel([], max);
  const fits = (label: GrowingLabel, names: readonly string[]): boolean => {
    const fresh = new Set(names.filter((name) => label.indexOf(name) < 0));
    return label.values.length + fresh.size <= max;
  };
  return {
    routes,
    routesOrNone,
    targets,
    routeTargets,
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
      growPairs(routeTargets, config);
      models.grow(modelNames);
    },
  };
}
