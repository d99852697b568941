import type { GrowingLabel } from "@loadline/kit/metrics";
import type { GatewayConfig } from "../config/schema.ts";
import { gatewayErrors } from "../errors.ts";
import { findProvider } from "../providers/index.ts";
import type { ProviderDeps } from "../providers/provider.ts";
import { isSame } from "../snapshot/compare.ts";
import { lanesOf } from "../translate/lane.ts";
import { groupTargets } from "./config.ts";
import { type RouteTable, routeTable, type Target } from "./routes.ts";
import { splitTarget } from "./states.ts";

/** Opens every configured target's transport. */
export function openTargets(
  config: GatewayConfig,
  deps: Omit<ProviderDeps, "connectTimeoutMs">,
): Map<string, Target> {
  const targets = new Map<string, Target>();
  const all = { ...deps, connectTimeoutMs: config.timeouts.connect };
  for (const [name, settings] of Object.entries(config.targets))
    targets.set(name, openTarget(name, settings, all));
  return targets;
}

/**
 * Looks at what the targets need on this machine, such as their model files; those that are as in
 * `before` were looked at. Rejects with what is wrong with the first.
 */
export async function checkTargets(config: GatewayConfig, before?: GatewayConfig): Promise<void> {
  const seen = new Set<string>();
  for (const [name, settings] of Object.entries(config.targets)) {
    const was = before?.targets[name];
    if (was && isSame(was, settings)) continue;
    await findProvider(settings.provider)?.check?.(splitTarget(settings).provider, seen);
  }
}

/** Opens the transport of one target whose settings were checked. */
export function openTarget(
  name: string,
  settings: GatewayConfig["targets"][string],
  deps: ProviderDeps,
): Target {
  const provider = findProvider(settings.provider);
  if (!provider) throw gatewayErrors.make("LL_CONFIG_INVALID", `targets.${name}.provider`);
  const opened = provider.open(name, splitTarget(settings).provider, deps);
  const upstream = deps.controls?.upstream?.(opened, name) ?? opened;
  const model = String(settings["model"]);
  const lanes = lanesOf(provider, upstream.rules, deps.clock);
  return { name, provider, model, upstream, keys: upstream.keys, lanes };
}

/**
 * Routes over opened targets; groups become one order of preference. `indexes`: the names of all
 * routes there ever were; without it a route's index is its position.
 */
export function compileRoutes(
  config: GatewayConfig,
  targets: ReadonlyMap<string, Target>,
  indexes?: GrowingLabel,
): RouteTable {
  const { firstByte, firstContent, idle, total } = config.timeouts;
  return routeTable(
    Object.entries(config.routes).map(([name, route], index) => ({
      ...longerOf(targets.get(route.onContextLength ?? "")),
      name,
      index: indexes ? indexes.indexOf(name) : index,
      models: route.models,
      isCritical: route.critical,
      targets: groupTargets(route).flatMap((target) => {
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

const longerOf = (longer: Target | undefined): { longer?: Target } => (longer ? { longer } : {});
