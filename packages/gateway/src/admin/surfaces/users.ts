import { z } from "zod";
import { newGrantSchema, newUserSchema } from "../../identity/users/fields.ts";
import { type AdminRoute, defineRoute } from "../route.ts";
import { idParams, isoTime, nameText, page, pageOf, pageQuery } from "./shapes.ts";

const user = z.object({
  id: z.string(),
  kind: z.enum(["user", "service", "workload"]),
  issuer: z
    .string()
    .describe("Who vouches for the subject: of users made here `local`, or `local:<tenant>`."),
  subject: z.string(),
  tenantId: z.string(),
  label: z.string().describe("Shown to people; links nothing."),
  roles: z.array(z.string()).readonly(),
  state: z.enum(["live", "disabled"]),
  createdAt: isoTime,
  disabledAt: isoTime.optional(),
});
const grant = z.object({
  id: z.string(),
  userId: z.string(),
  permission: z.string(),
  reason: z.string(),
  grantedBy: z.string(),
  createdAt: isoTime,
  expiresAt: isoTime.optional(),
});
const roleParams = z.strictObject({
  id: nameText,
  role: nameText,
});
const grantParams = z.strictObject({
  id: nameText,
  grantId: nameText,
});
const manage = { permission: "users:manage" } as const;
const manageRoles = { permission: "roles:manage" } as const;

const userRoutesOnly: readonly AdminRoute[] = [
  defineRoute({
    ...manage,
    id: "users.list",
    method: "GET",
    path: "/users",
    summary: "List users of the caller's tenant",
    query: z.strictObject({
      ...pageQuery,
      tenantId: nameText.optional().describe("Platform admins: of this tenant."),
    }),
    answer: pageOf(user),
    async handle({ users }, { acting, query: { limit, ...where } }) {
      return page(await users.list(acting, { ...where, limit: Math.min(limit + 1, 1000) }), limit);
    },
  }),
  defineRoute({
    ...manage,
    id: "users.create",
    method: "POST",
    path: "/users",
    summary: "Make a user, service or workload",
    audit: { action: "user.created", by: "service" },
    status: 201,
    body: newUserSchema,
    answer: user,
    errors: ["LL_USER_FIELD", "LL_USER_EXISTS", "LL_TENANT_UNKNOWN", "LL_KEY_GRANT_EXCEEDS"],
    example: { subject: "alex", roles: ["editor"] },
    handle: ({ users }, { acting, body }) => users.create(acting, body),
  }),
  defineRoute({
    ...manage,
    id: "users.get",
    method: "GET",
    path: "/users/:id",
    summary: "Show one user",
    params: idParams,
    answer: user,
    errors: ["LL_USER_UNKNOWN"],
    handle: ({ users }, { acting, params }) => users.show(acting, params.id),
  }),
  defineRoute({
    ...manage,
    id: "users.disable",
    method: "POST",
    path: "/users/:id/disable",
    summary: "Refuse all keys of a user, on every node within 1 s",
    audit: { action: "user.disabled", by: "service" },
    params: idParams,
    answer: user,
    errors: ["LL_USER_UNKNOWN", "LL_KEY_GRANT_EXCEEDS"],
    handle: ({ users }, { acting, params }) => users.disable(acting, params.id),
  }),
  defineRoute({
    ...manage,
    id: "users.enable",
    method: "POST",
    path: "/users/:id/enable",
    summary: "Take a user's disabling back",
    audit: { action: "user.enabled", by: "service" },
    params: idParams,
    answer: user,
    errors: ["LL_USER_UNKNOWN", "LL_KEY_GRANT_EXCEEDS"],
    handle: ({ users }, { acting, params }) => users.enable(acting, params.id),
  }),
];

const roleRoutes: readonly AdminRoute[] = [
  defineRoute({
    ...manageRoles,
    id: "roles.grant",
    method: "POST",
    path: "/users/:id/roles/:role",
    summary: "Give a user a role",
    audit: { action: "role.granted", by: "service" },
    params: roleParams,
    answer: user,
    errors: ["LL_USER_UNKNOWN", "LL_USER_FIELD", "LL_KEY_GRANT_EXCEEDS"],
    handle: ({ roles }, { acting, params }) => roles.grant(acting, params.id, params.role),
  }),
  defineRoute({
    ...manageRoles,
    id: "roles.revoke",
    method: "DELETE",
    path: "/users/:id/roles/:role",
    summary: "Take a role from a user",
    audit: { action: "role.revoked", by: "service" },
    params: roleParams,
    answer: user,
    errors: ["LL_USER_UNKNOWN", "LL_USER_FIELD", "LL_KEY_GRANT_EXCEEDS"],
    handle: ({ roles }, { acting, params }) => roles.revoke(acting, params.id, params.role),
  }),
  defineRoute({
    ...manageRoles,
    id: "grants.list",
    method: "GET",
    path: "/users/:id/grants",
    summary: "List a user's custom grants, ended ones included",
    params: idParams,
    answer: z.object({ data: z.array(grant).readonly() }),
    errors: ["LL_USER_UNKNOWN"],
    handle: async ({ roles }, { acting, params }) => ({
      data: await roles.list(acting, params.id),
    }),
  }),
  defineRoute({
    ...manageRoles,
    id: "grants.add",
    method: "POST",
    path: "/users/:id/grants",
    summary: "Give a user one permission, with a reason, perhaps until a time",
    audit: { action: "grant.added", by: "service" },
    status: 201,
    params: idParams,
    body: newGrantSchema,
    answer: grant,
    errors: ["LL_USER_UNKNOWN", "LL_USER_FIELD", "LL_KEY_GRANT_EXCEEDS"],
    example: { permission: "usage:read", reason: "quarterly report" },
    handle: ({ roles }, { acting, params, body }) => roles.grantPermission(acting, params.id, body),
  }),
  defineRoute({
    ...manageRoles,
    id: "grants.remove",
    method: "DELETE",
    path: "/users/:id/grants/:grantId",
    summary: "Take a custom grant back",
    audit: { action: "grant.removed", by: "service" },
    params: grantParams,
    answer: z.object({ removed: z.string() }),
    errors: ["LL_USER_UNKNOWN"],
    async handle({ roles }, { acting, params }) {
      await roles.revokePermission(acting, params.id, params.grantId);
      return { removed: params.grantId };
    },
  }),
];

export const userRoutes: readonly AdminRoute[] = [...userRoutesOnly, ...roleRoutes];
