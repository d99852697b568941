import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { AuditLog } from "../audit-log/log.ts";
import type { Identity } from "../identity/identity.ts";
import type { Limits } from "../limits/limits.ts";
import type { ModelSwaps } from "../models/index.ts";
import type { Routing } from "../routing/routing.ts";
import type { Live } from "../snapshot/snapshot.ts";
import type { Store } from "../state/store.ts";
import type { EveryBreaker } from "../workers/supervised.ts";
import type { AdminPlane, AdminPlaneDeps } from "./plane.ts";
import type { ReloadView } from "./services.ts";

export interface AdminWiring {
  readonly live: Live;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly audit: AuditLog;
  readonly store: Store;
  readonly identity: Identity;
  readonly limits: Pick<Limits, "status">;
  readonly routing: Pick<Routing, "breakers">;
  readonly swaps: ModelSwaps;
  readonly reload?: (() => Promise<ReloadView>) | undefined;
  /** Breakers of all processes of this gateway; absent: this one is alone. */
  readonly everywhere?: EveryBreaker | undefined;
  readonly version: string;
}

/**
 * The admin plane over the parts of a running gateway; undefined when it is switched off. It is
 * loaded by its first request: a gateway whose admin API nobody uses pays neither time nor memory.
 */
export function openAdminPlane(w: AdminWiring): AdminPlane | undefined {
  if (!w.live.current.config.admin.enabled) return undefined;
  let loading: Promise<AdminPlane> | undefined;
  const load = async (): Promise<AdminPlane> => {
    const { createAdminPlane } = await import("./plane.ts");
    return createAdminPlane(planeDeps(w));
  };
  return {
    handle(request, response, x) {
      loading ??= load();
      loading.then(
        (plane) => plane.handle(request, response, x),
        (cause: unknown) => x.host.onFault(x, cause),
      );
    },
    async close() {
      await (await loading)?.close();
    },
  };
}

function planeDeps(w: AdminWiring): AdminPlaneDeps {
  const { keys, users, roles, tenants } = w.identity;
  return {
    audit: w.audit,
    store: w.store,
    logger: w.logger,
    bodyBytesMax: w.live.current.config.admin.bodyBytesMax,
    lagSeconds: () => w.identity.lagSeconds(),
    services: {
      repositories: w.store.repositories,
      keys,
      users,
      roles,
      tenants,
      breakers: w.routing.breakers,
      everywhere: w.everywhere,
      models: w.swaps,
      limits: w.limits,
      reload: w.reload,
      version: w.version,
      startedMs: w.clock.wallMs(),
      wallMs: () => w.clock.wallMs(),
      config: () => w.live.current.config,
      targets: () =>
        [...w.live.current.targets.values()].map(({ name, provider, model, upstream }) => ({
          name,
          provider: provider.id,
          model,
          ready: upstream.isReady(),
        })),
      routes: () =>
        w.live.current.routes.routes.map(({ name, models, targets, isCritical }) => ({
          name,
          models,
          targets: targets.map((target) => target.name),
          critical: isCritical,
        })),
    },
  };
}
