/**
 * Who a request acts for and what they may do: keys, users, roles, tenants, and the cache in front.
 *
 * ```ts
 * const identity = await createIdentity({ store, peppers, clock, random, audit, metrics, logger });
 * const { secret } = await identity.keys.create(operator(), { name: "ci", roles: ["caller"] });
 * const found = await identity.authenticate(secret, "127.0.0.1", clock.monotonicMs());
 * ```
 */
export { type Acting, anonymousPrincipal, defaultTenant, operator } from "./acting.ts";
export type { Evicted } from "./authenticator.ts";
export { authorize, type Denial, everyTenant, type ObjectOwner } from "./authorize.ts";
export type { ChangeAudit, Peppers, ServiceDeps } from "./deps.ts";
export type { TenantPolicy } from "./effective.ts";
export type { Allowed, Authentication, Refused } from "./keys/cached-key.ts";
export {
  type KeyChange,
  keyChangeSchema,
  type NewKey,
  newKeySchema,
  type RevokeOptions,
  revokeSchema,
  type RotateOptions,
  rotateSchema,
} from "./keys/fields.ts";
export type { KeyInfo } from "./keys/key-info.ts";
export type { CreatedKey, KeyCheck, KeyFilter, KeyService } from "./keys/key-service.ts";
export { type Permission, permissions } from "./permissions.ts";
export type { Principal, PrincipalLimits } from "./principal.ts";
export { allRoles, permissionsOfRole, type RoleName } from "./roles.ts";
export { isPublic, type Surface } from "./surface.ts";
export {
  type NewGrant,
  newGrantSchema,
  type NewTenant,
  newTenantSchema,
  type NewUser,
  newUserSchema,
} from "./users/fields.ts";
export type { GrantInfo, RoleService } from "./users/role-service.ts";
export type { TenantInfo, TenantService } from "./users/tenant-service.ts";
export type { UserFilter, UserInfo, UserService } from "./users/user-service.ts";
export {
  createIdentity,
  createIdentityServices,
  type Identity,
  type IdentityDeps,
  type IdentityServices,
} from "./identity.ts";
