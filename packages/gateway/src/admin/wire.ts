import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { AuditLog } from "../audit-log/log.ts";
import type { GatewayConfig } from "../config/schema.ts";
import type { Identity } from "../identity/identity.ts";
import type { Limits } from "../limits/limits.ts";
import type { Routing } from "../routing/routing.ts";
import type { RouteTable, Target } from "../routing/routes.ts";
import type { Store } from "../state/store.ts";
import { type AdminPlane, createAdminPlane } from "./plane.ts";
import type { ReloadView } from "./services.ts";

export interface AdminWiring {
  readonly config: () => GatewayConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly audit: AuditLog;
  readonly store: Store;
  readonly identity: Identity;
  readonly limits: Pick<Limits, "status">;
  readonly routing: Pick<Routing, "breakers">;
  readonly targets: () => ReadonlyMap<string, Target>;
  readonly routes: () => RouteTable;
  readonly reload?: (() => Promise<ReloadView>) | undefined;
  readonly version: string;
}

/** The admin plane over the parts of a running gateway; undefined when it is switched off. */
export function openAdminPlane(w: AdminWiring): AdminPlane | undefined {
  const { admin } = w.config();
  if (!admin.enabled) return undefined;
  const { keys, users, roles, tenants } = w.identity;
  return createAdminPlane({
    audit: w.audit,
    store: w.store,
    logger: w.logger,
    bodyBytesMax: admin.bodyBytesMax,
    lagSeconds: () => w.identity.lagSeconds(),
    services: {
      repositories: w.store.repositories,
      keys,
      users,
      roles,
      tenants,
      breakers: w.routing.breakers,
      limits: w.limits,
      reload: w.reload,
      version: w.version,
      startedMs: w.clock.wallMs(),
      wallMs: () => w.clock.wallMs(),
      config: w.config,
      targets: () =>
        [...w.targets().values()].map(({ name, provider, model, upstream }) => ({
          name,
          provider: provider.id,
          model,
          ready: upstream.isReady(),
        })),
      routes: () =>
        w.routes().routes.map(({ name, models, targets, isCritical }) => ({
          name,
          models,
          targets: targets.map((target) => target.name),
          critical: isCritical,
        })),
    },
  });
}
