import { z } from "zod";
import { permissionField, roleField } from "../keys/fields.ts";
import { printableText } from "../printable.ts";

const text = (max: number): z.ZodString => printableText(max, "is not printable text");
const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, "is not 1 to 63 characters of a-z, 0-9, dot, dash");
const timeMax = Date.UTC(2200, 0, 1);

/** A new user; known by (issuer, subject), the label is only shown. */
export const newUserSchema = z.strictObject({
  subject: text(256).describe("Name at the issuer."),
  issuer: text(512)
    .describe("Who knows the subject; of users made here their tenant. Platform admins alone.")
    .optional(),
  kind: z.enum(["user", "service", "workload"]).default("user"),
  tenantId: id.or(z.literal("*")).optional(),
  label: text(100).optional(),
  roles: z.array(roleField).max(16).default([]),
});
export type NewUser = z.input<typeof newUserSchema>;

/** A custom grant: adds one permission, for a reason, perhaps until a time. */
export const newGrantSchema = z.strictObject({
  permission: permissionField,
  reason: text(200),
  expiresAt: z.int().min(0).max(timeMax).optional().describe("Wall-clock ms."),
});
export type NewGrant = z.input<typeof newGrantSchema>;

export const newTenantSchema = z.strictObject({ id, label: text(100).optional() });
export type NewTenant = z.input<typeof newTenantSchema>;
