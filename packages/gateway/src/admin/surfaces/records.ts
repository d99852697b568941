import { z } from "zod";
import { everyTenant } from "../../identity/authorize.ts";
import type { Principal } from "../../identity/principal.ts";
import type { UsageGroup } from "../../state/rows.ts";
import { type AdminRoute, defineRoute } from "../route.ts";
import { auditEntry, entriesFrom, entryOf } from "./entries-from.ts";
import { nameText } from "./shapes.ts";

const groups = ["keyId", "tenantId", "model", "day"] as const satisfies readonly UsageGroup[];
const timeMax = Date.UTC(2200, 0, 1);
const time = z.coerce.number().int().min(0).max(timeMax);

const sum = z.object({
  group: z.record(z.string(), z.string()),
  requests: z.number(),
  inputTokens: z.number(),
  cachedTokens: z.number(),
  outputTokens: z.number(),
  reasoningTokens: z.number(),
  costNano: z.number().describe("Nano-units of currency."),
});

/** The caller's tenant; only the platform's own principals may name another. */
function tenantOf(p: Principal, asked: string | undefined): string {
  return p.tenantId === everyTenant ? (asked ?? everyTenant) : p.tenantId;
}

export const recordRoutes: readonly AdminRoute[] = [
  defineRoute({
    id: "usage.sums",
    method: "GET",
    path: "/usage",
    summary: "Sum up usage; without usage:read that of the caller's own key",
    permission: "usage:own",
    object: { type: "usage", ofOthers: "usage:read" },
    query: z.strictObject({
      by: z.enum(groups).array().max(4).or(z.enum(groups)).default("model").describe("Groups."),
      tenantId: nameText.optional().describe("Platform admins: of this tenant."),
      keyId: nameText.optional(),
      model: nameText.optional(),
      fromMs: time.optional().describe("Wall-clock ms, inclusive."),
      toMs: time.optional().describe("Wall-clock ms, exclusive."),
    }),
    answer: z.object({ data: z.array(sum) }),
    async handle({ repositories }, { acting: { principal: p }, query }) {
      const by = Array.isArray(query.by) ? query.by : [query.by];
      const isAll = p.tenantId === everyTenant;
      const tenantId = isAll ? query.tenantId : p.tenantId;
      const keyId = p.grants.has("usage:read") ? query.keyId : p.credentialId;
      const { model, fromMs, toMs } = query;
      const rows = await repositories.usage.sums(by, { tenantId, keyId, model, fromMs, toMs });
      const named = rows.map(({ group, ...numbers }) => ({
        group: Object.fromEntries(by.map((name, i) => [name, group[i] ?? ""])),
        ...numbers,
      }));
      return { data: named };
    },
  }),
  defineRoute({
    id: "audit.query",
    method: "GET",
    path: "/audit",
    summary: "Read the audit log of a tenant, newest first",
    permission: "audit:read",
    query: z.strictObject({
      tenantId: nameText
        .optional()
        .describe("Platform admins: of this tenant; default the platform's."),
      actorId: nameText.optional(),
      action: nameText.optional(),
      objectType: nameText.optional(),
      objectId: nameText.optional(),
      outcome: z.enum(["ok", "denied", "failed"]).optional(),
      code: nameText.optional(),
      ip: nameText.optional().describe("Address it came from; looks at 100,000 entries at most."),
      fromMs: time.optional().describe("Wall-clock ms, inclusive."),
      toMs: time.optional().describe("Wall-clock ms, exclusive."),
      afterSeq: z.coerce.number().int().min(0).optional().describe("Entries with a greater seq."),
      order: z.enum(["asc", "desc"]).default("desc"),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
    }),
    answer: z.object({ data: z.array(auditEntry) }),
    async handle({ repositories: { audit } }, { acting, query: { ip, ...query } }) {
      const filter = { ...query, tenantId: tenantOf(acting.principal, query.tenantId) };
      if (ip !== undefined) return { data: await entriesFrom(audit, filter, ip) };
      return { data: (await audit.query(filter)).map(entryOf) };
    },
  }),
];
