import type { GatewayConfig } from "../config/schema.ts";
import type { LimitEntry } from "./config.ts";

/** Budgets that refuse each call of a model, since it has no price; one sentence for each model. */
export function limitWarnings(config: GatewayConfig): string[] {
  return config.limits.flatMap((limit, index) =>
    unpriced(config, limit).map((text) => `limits[${index}]: ${text}`),
  );
}

/** Models that a budget is for and that have no price at one of their targets. */
function unpriced(config: GatewayConfig, limit: LimitEntry): string[] {
  if (limit.resource !== "money") return [];
  const names = limit.match === undefined ? [] : [limit.match].flat();
  const isMeant = (scope: "model" | "route", name: string): boolean =>
    limit.scope !== scope || names.length === 0 || names.includes(name);
  const routes = Object.entries(config.routes).filter(([name]) => isMeant("route", name));
  return routes.flatMap(([, { models, groups }]) => {
    const targets = [...new Set(groups.flatMap((group) => group.targets))];
    const dear = targets.find((name) => !hasPrice(config, name));
    if (dear === undefined) return [];
    return models
      .filter((model) => isMeant("model", model) && !Object.hasOwn(config.prices, model))
      .map(
        (model) => `${model} has no price at ${dear}, so each call of it is refused. Set prices.`,
      );
  });
}

function hasPrice({ prices, targets }: GatewayConfig, target: string): boolean {
  return Object.hasOwn(prices, String(targets[target]?.["model"]));
}
