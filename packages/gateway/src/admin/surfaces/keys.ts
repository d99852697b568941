import { z } from "zod";
import {
  keyChangeSchema,
  newKeySchema,
  revokeSchema,
  rotateSchema,
} from "../../identity/keys/fields.ts";
import { type AdminRoute, defineRoute } from "../route.ts";
import { idParams, isoTime, nameText, page, pageOf, pageQuery } from "./shapes.ts";

const key = z.object({
  id: z.string().describe("12 characters; not secret."),
  env: z.string(),
  name: z.string(),
  state: z.enum(["live", "not_yet", "expired", "revoked"]),
  tenantId: z.string(),
  ownerId: z.string().optional(),
  kind: z.enum(["user", "service", "workload"]),
  roles: z.array(z.string()).readonly(),
  permissions: z.array(z.string()).readonly().describe("What the key itself holds."),
  models: z.array(z.string()).readonly().optional(),
  routes: z.array(z.string()).readonly().optional(),
  ips: z.array(z.string()).readonly().optional(),
  budgetId: z.string().optional(),
  rateId: z.string().optional(),
  boundTo: z.string().optional(),
  createdAt: isoTime,
  notBefore: isoTime.optional(),
  rotatedAt: isoTime.optional(),
  expiresAt: isoTime.optional(),
  revokedAt: isoTime.optional(),
  revokedReason: z.string().optional(),
  overlapUntil: isoTime.optional().describe("Until then the secret before is good, too."),
  lastUsedAt: isoTime.optional().describe("To the minute."),
});
const secret = z.object({
  id: z.string(),
  secret: z.string().describe("The whole key. It is shown in this answer and nowhere else."),
});

const own = {
  permission: "keys:own",
  object: { type: "key", ofOthers: "keys:manage" },
} as const;

export const keyRoutes: readonly AdminRoute[] = [
  defineRoute({
    ...own,
    id: "keys.list",
    method: "GET",
    path: "/keys",
    summary: "List API keys; without keys:manage the caller's own",
    query: z.strictObject({
      ...pageQuery,
      tenantId: nameText.optional().describe("Platform admins: of this tenant."),
      ownerId: nameText.optional().describe("Keys of this user."),
    }),
    answer: pageOf(key),
    async handle({ keys }, { acting, query: { limit, ...where } }) {
      const list = await keys.list(acting, { ...where, limit: Math.min(limit + 1, 1000) });
      return page(list, limit);
    },
  }),
  defineRoute({
    ...own,
    id: "keys.create",
    method: "POST",
    path: "/keys",
    summary: "Make an API key; the secret is shown once",
    audit: { action: "key.created", by: "service" },
    status: 201,
    body: newKeySchema,
    answer: secret,
    errors: ["LL_KEY_FIELD", "LL_KEY_GRANT_EXCEEDS", "LL_TENANT_UNKNOWN", "LL_USER_UNKNOWN"],
    example: { name: "ci", roles: ["caller"] },
    handle: ({ keys }, { acting, body }) => keys.create(acting, body),
  }),
  defineRoute({
    ...own,
    id: "keys.get",
    method: "GET",
    path: "/keys/:id",
    summary: "Show what is known of one key; never its secret",
    params: idParams,
    answer: key,
    errors: ["LL_KEY_UNKNOWN"],
    handle: ({ keys }, { acting, params }) => keys.show(acting, params.id),
  }),
  defineRoute({
    ...own,
    id: "keys.change",
    method: "PATCH",
    path: "/keys/:id",
    summary: "Change name, models, routes, addresses or times of a key",
    audit: { action: "key.changed", by: "service" },
    params: idParams,
    body: keyChangeSchema,
    answer: key,
    errors: ["LL_KEY_UNKNOWN", "LL_KEY_FIELD", "LL_KEY_GRANT_EXCEEDS"],
    example: { name: "ci of team a" },
    handle: ({ keys }, { acting, params, body }) => keys.change(acting, params.id, body),
  }),
  defineRoute({
    ...own,
    id: "keys.rotate",
    method: "POST",
    path: "/keys/:id/rotate",
    summary: "Give a key a new secret; the one before stays good for the overlap",
    audit: { action: "key.rotated", by: "service" },
    params: idParams,
    body: rotateSchema,
    answer: secret,
    errors: ["LL_KEY_UNKNOWN", "LL_KEY_REVOKED", "LL_KEY_OVERLAP_ACTIVE", "LL_KEY_GRANT_EXCEEDS"],
    example: { overlapMs: 3_600_000 },
    handle: ({ keys }, { acting, params, body }) => keys.rotate(acting, params.id, body),
  }),
  defineRoute({
    ...own,
    id: "keys.revoke",
    method: "POST",
    path: "/keys/:id/revoke",
    summary: "End a key for good, on every node within 1 s",
    audit: { action: "key.revoked", by: "service" },
    params: idParams,
    body: revokeSchema,
    answer: key,
    errors: ["LL_KEY_UNKNOWN"],
    example: { reason: "left the team" },
    handle: ({ keys }, { acting, params, body }) => keys.revoke(acting, params.id, body),
  }),
];
