import { z } from "zod";
import { tenantPolicySchema } from "../../identity/effective.ts";
import { newTenantSchema } from "../../identity/users/fields.ts";
import { type AdminRoute, defineRoute } from "../route.ts";
import { idParams } from "./shapes.ts";

const tenant = z.object({
  id: z.string(),
  label: z.string(),
  state: z.enum(["live", "disabled"]),
  policy: tenantPolicySchema.describe("What keys of the tenant may do at most."),
});
const manage = { permission: "users:manage" } as const;
const platform = { ...manage, platform: true } as const;
const errors = ["LL_TENANT_UNKNOWN", "LL_USER_FIELD"] as const;

export const tenantRoutes: readonly AdminRoute[] = [
  defineRoute({
    ...manage,
    id: "tenants.list",
    method: "GET",
    path: "/tenants",
    summary: "List tenants the caller may see",
    answer: z.object({ data: z.array(tenant).readonly() }),
    handle: async ({ tenants }, { acting }) => ({ data: await tenants.list(acting) }),
  }),
  defineRoute({
    ...platform,
    id: "tenants.create",
    method: "POST",
    path: "/tenants",
    summary: "Make a tenant; platform admins only",
    audit: { action: "tenant.created", by: "service" },
    status: 201,
    body: newTenantSchema,
    answer: tenant,
    errors: ["LL_USER_FIELD", "LL_STATE_CONFLICT"],
    example: { id: "team-a", label: "Team A" },
    handle: ({ tenants }, { acting, body }) => tenants.create(acting, body),
  }),
  defineRoute({
    ...platform,
    id: "tenants.policy",
    method: "PATCH",
    path: "/tenants/:id/policy",
    summary: "Set what keys of a tenant may do at most; platform admins only",
    audit: { action: "tenant.changed", by: "service" },
    params: idParams,
    body: tenantPolicySchema,
    answer: tenant,
    errors,
    example: { models: ["chat"] },
    handle: ({ tenants }, { acting, params, body }) => tenants.setPolicy(acting, params.id, body),
  }),
  defineRoute({
    ...platform,
    id: "tenants.disable",
    method: "POST",
    path: "/tenants/:id/disable",
    summary: "Refuse all keys of a tenant; platform admins only",
    audit: { action: "tenant.disabled", by: "service" },
    params: idParams,
    answer: tenant,
    errors,
    handle: ({ tenants }, { acting, params }) => tenants.setDisabled(acting, params.id, true),
  }),
  defineRoute({
    ...platform,
    id: "tenants.enable",
    method: "POST",
    path: "/tenants/:id/enable",
    summary: "Take a tenant's disabling back; platform admins only",
    audit: { action: "tenant.enabled", by: "service" },
    params: idParams,
    answer: tenant,
    errors,
    handle: ({ tenants }, { acting, params }) => tenants.setDisabled(acting, params.id, false),
  }),
];
