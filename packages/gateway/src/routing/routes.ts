import type { Provider } from "../providers/provider.ts";
import type { Lanes } from "../translate/lane.ts";
import type { Upstream, UpstreamKey } from "../upstream/upstream.ts";

/** An opened target. */
export interface Target {
  readonly name: string;
  readonly provider: Provider;
  /** The model's name at the upstream. */
  readonly model: string;
  readonly upstream: Upstream;
  /** The credentials an attempt can choose from; empty when the target needs none. */
  readonly keys: readonly UpstreamKey[];
  /** How it is asked each operation; an absent one it does not serve. */
  readonly lanes: Lanes;
}

export interface RouteTimeouts {
  readonly firstByte: number;
  readonly firstContent: number;
  readonly idle: number;
  readonly total: number;
}

/** Where the requests of some models go. */
export interface Route {
  readonly name: string;
  /** The route's label index in the metrics, the same over reloads. */
  readonly index: number;
  readonly models: readonly string[];
  readonly isCritical: boolean;
  /** In order of preference. */
  readonly targets: readonly Target[];
  /** Takes the prompts that are too long for those. */
  readonly longer?: Target;
  /** All in ms. */
  readonly timeouts: RouteTimeouts;
  /** How often a cut text stream goes on at another target; absent: never. */
  readonly resumeMax?: number;
}

export interface RouteTable {
  readonly routes: readonly Route[];
  readonly byModel: ReadonlyMap<string, Route>;
  /** Model names in configuration order. */
  readonly models: readonly string[];
}

/** Every target that a call of the route may come to. */
export function reachable(route: Route | undefined): readonly Target[] {
  if (!route) return noTargets;
  return route.longer ? [...route.targets, route.longer] : route.targets;
}

const noTargets: readonly Target[] = [];

export function routeTable(routes: readonly Route[]): RouteTable {
  const byModel = new Map(routes.flatMap((route) => route.models.map((m) => [m, route] as const)));
  return { routes, byModel, models: [...byModel.keys()] };
}
