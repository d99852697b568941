import { meant } from "@loadline/kit/nearest";
import type { GatewayConfig } from "../config/schema.ts";
import { namedTargets } from "../routing/config.ts";
import { sqlUrl } from "../state/config.ts";
import type { LimitEntry } from "./config.ts";

/**
 * Limits that no call meets, budgets that refuse each call, and limits that replicas would not share,
 * though that is seldom meant.
 */
export function limitWarnings(config: GatewayConfig): string[] {
  const own = config.limits.flatMap((limit, index) => [
    ...unmetNames(config, limit).map((text) => `limits[${index}].match: ${text}`),
    ...unpriced(config, limit).map((text) => `limits[${index}]: ${text}`),
  ]);
  return [...own, ...unshared(config)];
}

/** A server of SQL is there for several gateways; what limits count they share in Redis alone. */
function unshared({ limits, stores }: GatewayConfig): string[] {
  const isServer = !sqlUrl(stores.sql).startsWith("sqlite:");
  if (!isServer || stores.redis !== null || limits.length === 0) return [];
  return [
    "limits hold in each gateway by itself: several that share stores.sql admit as many times as much. Set stores.redis, unless there is one.",
  ];
}

const namesOf = ({ match }: LimitEntry): readonly string[] =>
  match === undefined ? [] : [match].flat();

const lack = { model: "serves the model", route: "has the name" } as const;

/** Names that no request carries; those of keys and tenants are in the store, so they may come. */
function unmetNames({ routes }: GatewayConfig, limit: LimitEntry): string[] {
  const { scope, match } = limit;
  if (scope === "global" && match !== undefined)
    return ["a global limit with names applies to nothing. Remove match, or change the scope."];
  if (scope !== "model" && scope !== "route") return [];
  const models = Object.values(routes).flatMap((route) => route.models);
  const known = scope === "route" ? Object.keys(routes) : models;
  return namesOf(limit)
    .filter((name) => !known.includes(name))
    .map((name) => `no route ${lack[scope]} "${name}", so it limits nothing.${meant(name, known)}`);
}

/** Models that a budget is for and that have no price at one of their targets. */
function unpriced(config: GatewayConfig, limit: LimitEntry): string[] {
  if (limit.resource !== "money") return [];
  const names = namesOf(limit);
  const isMeant = (scope: "model" | "route", name: string): boolean =>
    limit.scope !== scope || names.length === 0 || names.includes(name);
  const routes = Object.entries(config.routes).filter(([name]) => isMeant("route", name));
  return routes.flatMap(([, route]) => {
    const dear = namedTargets(route).find((name) => !hasPrice(config, name));
    if (dear === undefined) return [];
    return route.models
      .filter((model) => isMeant("model", model) && !Object.hasOwn(config.prices, model))
      .map(
        (model) =>
          `${model} has no price at ${dear}, so each call that this limit is for is refused. Set prices.`,
      );
  });
}

function hasPrice({ prices, targets }: GatewayConfig, target: string): boolean {
  return Object.hasOwn(prices, String(targets[target]?.["model"]));
}
