import type { GatewayConfig } from "../config/schema.ts";
import { gatewayErrors } from "../errors.ts";
import { findProvider } from "../providers/index.ts";
import type { ProviderDeps } from "../providers/provider.ts";
import { lanesOf } from "../translate/lane.ts";
import { type RouteTable, routeTable, type Target } from "./routes.ts";
import { splitTarget } from "./states.ts";

/** Opens every configured target's transport. */
export function openTargets(
  config: GatewayConfig,
  deps: Omit<ProviderDeps, "connectTimeoutMs">,
): Map<string, Target> {
  const targets = new Map<string, Target>();
  const all = { ...deps, connectTimeoutMs: config.timeouts.connect };
  for (const [name, settings] of Object.entries(config.targets)) {
    const provider = findProvider(settings.provider);
    if (!provider) throw gatewayErrors.make("LL_CONFIG_INVALID", `targets.${name}.provider`);
    const upstream = provider.open(name, splitTarget(settings).provider, all);
    const model = String(settings["model"]);
    const lanes = lanesOf(provider, upstream.rules, deps.clock);
    targets.set(name, { name, provider, model, upstream, keys: upstream.keys, lanes });
  }
  return targets;
}

/** Routes over opened targets; groups become one order of preference. */
export function compileRoutes(
  config: GatewayConfig,
  targets: ReadonlyMap<string, Target>,
): RouteTable {
  const { firstByte, firstContent, idle, total } = config.timeouts;
  return routeTable(
    Object.entries(config.routes).map(([name, route], index) => ({
      name,
      index,
      models: route.models,
      isCritical: route.critical,
      targets: [...new Set(route.groups.flatMap((group) => group.targets))].flatMap((target) => {
        const opened = targets.get(target);
        return opened ? [opened] : [];
      }),
      timeouts: {
        firstByte: route.timeouts?.firstByte ?? firstByte,
        firstContent: route.timeouts?.firstContent ?? firstContent,
        idle: route.timeouts?.idle ?? idle,
        total: route.timeouts?.total ?? total,
      },
      resumeMax: route.resume === "off" ? 0 : route.resume.max,
    })),
  );
}
