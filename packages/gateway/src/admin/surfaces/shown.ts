import type { GatewayConfig } from "../../config/schema.ts";
import { everyTenant } from "../../identity/authorize.ts";
import { readPolicy } from "../../identity/effective.ts";
import type { Principal } from "../../identity/principal.ts";
import type { LimitScope } from "../../limits/config.ts";
import type { Repositories } from "../../state/repositories.ts";
import type { RouteView, TargetView } from "../services.ts";

type LimitEntry = GatewayConfig["limits"][number];

/** A configured limit with the names of it that somebody may see; null: it applies to all. */
export interface ShownLimit {
  readonly entry: LimitEntry;
  readonly match: string[] | null;
}

/**
 * The limits that hold for a principal's tenant, each with the names that are the tenant's: its own,
 * those that its keys or its policy bear, models and routes it may use. One whose names are all
 * others' is left out. Principals of tenant `*` see everything.
 */
export async function shownLimits(
  limits: readonly LimitEntry[],
  routes: readonly RouteView[],
  p: Principal,
  r: Pick<Repositories, "keys" | "tenants">,
): Promise<ShownLimit[]> {
  const borne = p.tenantId === everyTenant ? none : await borneBy(p.tenantId, limits, r);
  const usable = shownRoutes(routes, p);
  const isShown = (scope: LimitScope, name: string): boolean => {
    if (p.tenantId === everyTenant) return true;
    if (scope === "tenant") return name === p.tenantId;
    if (scope === "key") return borne.has(name);
    if (!isNarrowed(p)) return true;
    return usable.some((route) =>
      scope === "model" ? route.models.includes(name) : route.name === name,
    );
  };
  return limits.flatMap((entry) => {
    const match = namesOf(entry)?.filter((name) => isShown(entry.scope, name)) ?? null;
    return match?.length === 0 ? [] : [{ entry, match }];
  });
}

/** Routes that a principal may use, with the models of them that it may ask for. */
export function shownRoutes(routes: readonly RouteView[], { limits }: Principal): RouteView[] {
  return routes.flatMap((route) => {
    if (limits.routes?.has(route.name) === false) return [];
    const models = route.models.filter((name) => limits.models?.has(name) ?? true);
    return models.length === 0 ? [] : [{ ...route, models }];
  });
}

/** Targets of those routes; all of them for whom neither routes nor models are narrowed. */
export function shownTargets(
  targets: readonly TargetView[],
  routes: readonly RouteView[],
  p: Principal,
): TargetView[] {
  if (!isNarrowed(p)) return [...targets];
  const names = new Set(shownRoutes(routes, p).flatMap((route) => route.targets));
  return targets.filter(({ name }) => names.has(name));
}

const none: ReadonlySet<string> = new Set();

const isNarrowed = ({ limits }: Principal): boolean =>
  limits.routes !== undefined || limits.models !== undefined;

const namesOf = ({ match }: LimitEntry): string[] | undefined =>
  match === undefined ? undefined : [match].flat();

/** Of the names that limits of keys have, those of a tenant's keys and its policy. */
async function borneBy(
  tenantId: string,
  limits: readonly LimitEntry[],
  r: Pick<Repositories, "keys" | "tenants">,
): Promise<ReadonlySet<string>> {
  const ofKeys = limits.filter(({ scope }) => scope === "key");
  const names = [...new Set(ofKeys.flatMap((entry) => namesOf(entry) ?? []))];
  if (names.length === 0) return none;
  const tenant = await r.tenants.find(tenantId);
  const { budgetId, rateId } = readPolicy(tenant?.policy ?? "") ?? {};
  const borne = await r.keys.borneNames(tenantId, names);
  return new Set([...borne, ...[budgetId, rateId].filter((one) => one !== undefined)]);
}
