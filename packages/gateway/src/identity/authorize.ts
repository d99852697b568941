import type { Permission } from "./permissions.ts";
import type { Principal } from "./principal.ts";
import { isPublic, type Surface } from "./surface.ts";

/** Whose an object is; undefined members belong to nobody in particular. */
export interface ObjectOwner {
  readonly tenantId: string;
  readonly ownerId?: string | undefined;
}

/** Why not; 404 shows nothing of an object in another tenant. */
export interface Denial {
  readonly status: 403 | 404;
  readonly code: "LL_AUTHZ_DENIED" | "LL_OBJECT_UNKNOWN";
  /** What was missing. */
  readonly permission: Permission | undefined;
}

/** Tenant of those who run the platform: they see every tenant. */
export const everyTenant = "*";

const hidden: Denial = { status: 404, code: "LL_OBJECT_UNKNOWN", permission: undefined };

/**
 * Whether a principal may use a surface, on an object if one is given. Pure; what is not allowed is
 * denied. The tenant comes first, then the owner.
 */
export function authorize(
  p: Principal,
  surface: Pick<Surface, "permission" | "object" | "platform">,
  object?: ObjectOwner,
): "allow" | Denial {
  if (isPublic(surface)) return "allow";
  const { permission } = surface;
  if (typeof permission !== "string") return denied(undefined);
  if (surface.platform && p.tenantId !== everyTenant) return denied(undefined);
  if (object && object.tenantId !== p.tenantId && p.tenantId !== everyTenant) return hidden;
  const wider = surface.object?.ofOthers;
  if (wider !== undefined && p.grants.has(wider)) return "allow";
  if (!p.grants.has(permission)) return denied(permission);
  const isOthers = object !== undefined && object.ownerId !== p.id;
  return wider !== undefined && isOthers ? denied(wider) : "allow";
}

function denied(permission: Permission | undefined): Denial {
  return { status: 403, code: "LL_AUTHZ_DENIED", permission };
}
