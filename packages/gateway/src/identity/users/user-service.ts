import { gatewayErrors } from "../../errors.ts";
import type { PrincipalRow } from "../../state/rows.ts";
import { type Acting, defaultTenant, grantOfPrincipal } from "../acting.ts";
import { everyTenant } from "../authorize.ts";
import { recordAct, type ServiceDeps } from "../deps.ts";
import { refuseExcess } from "../excess.ts";
import { base62 } from "../keys/key-format.ts";
import { readFields } from "../keys/fields.ts";
import { permissionsOfRoles } from "../roles.ts";
import { type NewUser, newUserSchema } from "./fields.ts";
import { visibleUser } from "./visible-user.ts";

/** A person, service or workload. Times are ISO 8601. */
export interface UserInfo {
  readonly id: string;
  readonly kind: PrincipalRow["kind"];
  readonly issuer: string;
  readonly subject: string;
  readonly tenantId: string;
  readonly label: string;
  readonly roles: readonly string[];
  readonly state: "live" | "disabled";
  readonly createdAt: string;
  readonly disabledAt?: string;
}

export interface UserFilter {
  readonly tenantId?: string | undefined;
  readonly after?: string | undefined;
  /** 1 to 1,000. */
  readonly limit?: number | undefined;
}

/** Users of the store; those of other tenants are LL_USER_UNKNOWN. */
export interface UserService {
  /** LL_USER_FIELD, LL_USER_EXISTS, LL_TENANT_UNKNOWN, LL_KEY_GRANT_EXCEEDS. */
  create(acting: Acting, user: NewUser): Promise<UserInfo>;
  list(acting: Acting, where?: UserFilter): Promise<readonly UserInfo[]>;
  show(acting: Acting, id: string): Promise<UserInfo>;
  /** Refuses all their keys within 1 s and ends what runs; undone by `enable`. */
  disable(acting: Acting, id: string): Promise<UserInfo>;
  enable(acting: Acting, id: string): Promise<UserInfo>;
}

const idChars = 12;
const local = "local";

export function createUserService(deps: ServiceDeps): UserService {
  const { store, clock, random } = deps;
  const nowMs = (): number => Math.floor(clock.wallMs());
  const setDisabled = (acting: Acting, id: string, isDisabled: boolean): Promise<UserInfo> =>
    store.transaction(async (r) => {
      const row = await visibleUser(r, acting, id);
      const held = { permissions: permissionsOfRoles(row.roles, row.tenantId) };
      refuseExcess(held, { permissions: acting.principal.grants });
      if ((row.disabledAt !== undefined) === isDisabled) return userInfoOf(row);
      const patch = { disabledAt: isDisabled ? nowMs() : undefined };
      const updated = (await r.principals.update(id, patch)) ?? row;
      const kind = isDisabled ? "user.disabled" : "user.enabled";
      const act = { kind, type: "user", subjectId: id, tenantId: row.tenantId } as const;
      await recordAct(deps, r, acting, act);
      return userInfoOf(updated);
    });
  return {
    async create(acting, user) {
      const fields = readFields(newUserSchema, user, "LL_USER_FIELD");
      const p = acting.principal;
      const own = p.tenantId === everyTenant ? defaultTenant : p.tenantId;
      const tenantId = fields.tenantId ?? own;
      const held = { permissions: permissionsOfRoles(fields.roles, tenantId) };
      return store.transaction(async (r) => {
        const isForeign = tenantId !== p.tenantId && p.tenantId !== everyTenant;
        const isThere = tenantId === everyTenant || (await r.tenants.find(tenantId)) !== undefined;
        if (isForeign || !isThere)
          throw gatewayErrors.make("LL_TENANT_UNKNOWN", `There is no tenant ${tenantId}.`);
        refuseExcess(held, grantOfPrincipal(p));
        const { subject, kind, roles } = fields;
        const issuer = issuerOf(fields.issuer, tenantId, p.tenantId);
        if (await r.principals.findBySubject(issuer, subject))
          throw gatewayErrors.make("LL_USER_EXISTS", `${issuer} has a user ${subject} already.`);
        const id = `usr_${base62(random.bytes(idChars), idChars)}`;
        const label = fields.label ?? subject.slice(0, 100);
        const named = { id, kind, issuer, subject, tenantId, label, roles };
        const row = { ...named, createdAt: nowMs(), epoch: 1 };
        await r.principals.insert(row);
        const detail = { issuer, roles: roles.join(" ") };
        const act = { kind: "user.created", type: "user", subjectId: id, tenantId } as const;
        await recordAct(deps, r, acting, { ...act, detail });
        return userInfoOf(row);
      });
    },
    async list({ principal: p }, { tenantId: asked, after, limit } = {}) {
      const tenantId = p.tenantId === everyTenant ? asked : p.tenantId;
      const where = { ...(tenantId !== undefined && { tenantId }), after, limit };
      return (await store.repositories.principals.list(where)).map(userInfoOf);
    },
    show: async (acting, id) => userInfoOf(await visibleUser(store.repositories, acting, id)),
    disable: (acting, id) => setDisabled(acting, id, true),
    enable: (acting, id) => setDisabled(acting, id, false),
  };
}

/**
 * Who vouches for a user: those made here, their tenant. Else two tenants' users of one name would be
 * one, and a tenant's admin would learn from a refusal whom another has.
 */
function issuerOf(asked: string | undefined, tenantId: string, actingTenant: string): string {
  const own = tenantId === defaultTenant ? local : `${local}:${tenantId}`;
  if (asked === undefined || asked === own || asked === local) return own;
  if (actingTenant !== everyTenant)
    throw gatewayErrors.make("LL_USER_FIELD", "issuer is for admins of tenant *.", {
      param: "issuer",
    });
  if (asked.startsWith(`${local}:`))
    throw gatewayErrors.make("LL_USER_FIELD", "issuer is another tenant.", { param: "issuer" });
  return asked;
}

export function userInfoOf(row: PrincipalRow): UserInfo {
  const { id, kind, issuer, subject, tenantId, label, roles, disabledAt } = row;
  return {
    id,
    kind,
    issuer,
    subject,
    tenantId,
    label,
    roles,
    state: disabledAt === undefined ? "live" : "disabled",
    createdAt: new Date(row.createdAt).toISOString(),
    ...(disabledAt !== undefined && { disabledAt: new Date(disabledAt).toISOString() }),
  };
}
