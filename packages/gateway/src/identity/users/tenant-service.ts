import { gatewayErrors } from "../../errors.ts";
import type { Repositories } from "../../state/repositories.ts";
import type { TenantRow } from "../../state/rows.ts";
import { type Acting, defaultTenant } from "../acting.ts";
import { everyTenant } from "../authorize.ts";
import { recordAct, type ServiceDeps } from "../deps.ts";
import { readPolicy, type TenantPolicy, tenantPolicySchema } from "../effective.ts";
import { readFields } from "../keys/fields.ts";
import { type NewTenant, newTenantSchema } from "./fields.ts";

export interface TenantInfo {
  readonly id: string;
  readonly label: string;
  readonly state: "live" | "disabled";
  /** What keys of the tenant may do at most. */
  readonly policy: TenantPolicy;
}

/** Tenants; only the platform's own principals (tenant `*`) may change them. */
export interface TenantService {
  create(acting: Acting, tenant: NewTenant): Promise<TenantInfo>;
  list(acting: Acting): Promise<readonly TenantInfo[]>;
  setPolicy(acting: Acting, id: string, policy: TenantPolicy): Promise<TenantInfo>;
  setDisabled(acting: Acting, id: string, isDisabled: boolean): Promise<TenantInfo>;
}

export function createTenantService(deps: ServiceDeps): TenantService {
  const { store, clock } = deps;
  const nowMs = (): number => Math.floor(clock.wallMs());
  const change = (
    acting: Acting,
    id: string,
    kind: string,
    patch: Partial<Pick<TenantRow, "policy" | "disabledAt">>,
  ): Promise<TenantInfo> => {
    onlyPlatform(acting);
    return store.transaction(async (r) => {
      const row = await r.tenants.update(id, patch);
      if (!row) throw gatewayErrors.make("LL_TENANT_UNKNOWN", `There is no tenant ${id}.`);
      await recordAct(deps, r, acting, { kind, type: "tenant", subjectId: id, tenantId: id });
      return tenantInfoOf(row);
    });
  };
  return {
    async create(acting, tenant) {
      onlyPlatform(acting);
      const { id, label } = readFields(newTenantSchema, tenant, "LL_USER_FIELD");
      const row = { id, label: label ?? id, createdAt: nowMs(), policy: "{}" };
      await store.transaction(async (r) => {
        await r.tenants.insert(row);
        const act = {
          kind: "tenant.created",
          type: "tenant",
          subjectId: id,
          tenantId: id,
        } as const;
        await recordAct(deps, r, acting, act);
      });
      return tenantInfoOf(row);
    },
    async list({ principal: p }) {
      const rows = await store.repositories.tenants.list();
      const isAll = p.tenantId === everyTenant;
      return rows.filter((row) => isAll || row.id === p.tenantId).map(tenantInfoOf);
    },
    async setPolicy(acting, id, policy) {
      const fields = readFields(tenantPolicySchema, policy, "LL_USER_FIELD");
      return change(acting, id, "tenant.changed", { policy: JSON.stringify(fields) });
    },
    async setDisabled(acting, id, isDisabled) {
      const kind = isDisabled ? "tenant.disabled" : "tenant.enabled";
      return change(acting, id, kind, { disabledAt: isDisabled ? nowMs() : undefined });
    },
  };
}

/** Makes the tenant of everything that names none, once. */
export async function ensureDefaultTenant(
  r: Pick<Repositories, "tenants">,
  nowMs: number,
): Promise<void> {
  if (await r.tenants.find(defaultTenant)) return;
  const row = { id: defaultTenant, label: defaultTenant, createdAt: nowMs, policy: "{}" };
  try {
    await r.tenants.insert(row);
  } catch (cause) {
    // Another process made it in between.
    if (!(await r.tenants.find(defaultTenant))) throw cause;
  }
}

function onlyPlatform({ principal: p }: Acting): void {
  if (p.tenantId === everyTenant && p.grants.has("users:manage")) return;
  throw gatewayErrors.make("LL_AUTHZ_DENIED", "Only the platform's own admins change tenants.");
}

function tenantInfoOf(row: TenantRow): TenantInfo {
  const state = row.disabledAt === undefined ? "live" : "disabled";
  return { id: row.id, label: row.label, state, policy: readPolicy(row.policy) ?? {} };
}
