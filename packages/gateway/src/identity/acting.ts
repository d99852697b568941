import { everyTenant } from "./authorize.ts";
import type { Grant } from "./grant.ts";
import { permissions } from "./permissions.ts";
import type { Principal } from "./principal.ts";
import { permissionsOfRoles } from "./roles.ts";

/** Who makes a change, and from where. */
export interface Acting {
  readonly principal: Principal;
  readonly ip?: string;
  readonly requestId?: string;
  /** Id of the surface it came through. */
  readonly surface?: string;
}

/** Tenant of everything that names none. */
export const defaultTenant = "default";

/** Whoever has access to the store itself: the commands on the machine, the gateway's own start. */
export function operator(): Acting {
  return {
    principal: Object.freeze({
      id: "operator",
      kind: "internal",
      tenantId: everyTenant,
      via: "internal",
      credentialId: "",
      roles: ["admin"],
      grants: new Set(permissions),
      limits: {},
      epoch: 0,
    }),
  };
}

/** Whom a request acts for where keys are not required: model calls and reads, nothing else. */
export function anonymousPrincipal(): Principal {
  return Object.freeze({
    id: "anonymous",
    kind: "internal",
    tenantId: defaultTenant,
    via: "internal",
    credentialId: "",
    roles: ["caller", "scraper"],
    grants: permissionsOfRoles(["caller", "scraper"]),
    limits: {},
    epoch: 0,
  });
}

/** What a principal may hand on. */
export function grantOfPrincipal(p: Principal): Grant {
  const { models, routes, ips, budgetId, rateId } = p.limits;
  return {
    permissions: p.grants,
    models,
    routes,
    ips,
    budgetId,
    rateId,
    expiresAt: p.expiresAt,
  };
}
