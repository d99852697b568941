import type { GatewayConfig } from "../config/schema.ts";
import type { StrategyId } from "./config.ts";
import { HedgeControl } from "./hedge.ts";
import { RouteState } from "./route-state.ts";
import type { RouteTable } from "./routes.ts";
import { hashText } from "./strategies/hash.ts";
import type { Member, Strategy } from "./strategies/strategy.ts";
import type { TargetState } from "./target-state.ts";

/**
 * The chain of groups of every route, over the states of its targets. A route that hedges as before
 * keeps what it knows of its latency.
 */
export function routeStates(
  plan: { readonly config: GatewayConfig; readonly routes: RouteTable },
  targets: ReadonlyMap<string, TargetState>,
  o: {
    readonly strategies: Readonly<Record<StrategyId, Strategy>>;
    readonly before: readonly RouteState[];
  },
): RouteState[] {
  const { config, routes } = plan;
  return routes.routes.map((route) => {
    const settings = config.routes[route.name];
    const hedge = settings?.hedge ?? "off";
    return new RouteState({
      route,
      attemptsMax: config.retry.attempts,
      waitMaxMs: config.retry.waitMax,
      longer: targets.get(settings?.onContextLength ?? ""),
      groups: (settings?.groups ?? []).map((group) => ({
        strategy: o.strategies[group.strategy],
        members: group.targets.flatMap((name) => memberOf(targets.get(name))),
      })),
      hedge: hedge === "off" ? undefined : hedgeOf(hedge, o.before, route.name),
    });
  });
}

function hedgeOf(
  { after, share }: { readonly after: number; readonly share: number },
  before: readonly RouteState[],
  name: string,
): HedgeControl {
  const settings = { afterMs: after, share };
  const kept = before.find(({ route }) => route.name === name)?.hedge;
  return kept?.isFor(settings) ? kept : new HedgeControl(settings);
}

function memberOf(state: TargetState | undefined): Member[] {
  return state ? [{ state, nameHash: hashText(state.name), current: 0 }] : [];
}
