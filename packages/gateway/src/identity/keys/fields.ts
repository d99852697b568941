import { parseRange } from "@loadline/kit/ip-ranges";
import { z } from "zod";
import { gatewayErrors } from "../../errors.ts";
import { bindingPattern } from "../certificate.ts";
import { printableText } from "../printable.ts";
import { isPermission, readRole } from "../roles.ts";

const listMax = 256;
const dayMs = 86_400_000;
/** Latest moment a key may name: the year 2200. */
const timeMax = Date.UTC(2200, 0, 1);

const printable = printableText(100, "is not 1 to 100 printable characters");
const name = printableText(256, "holds a name that is no name");
const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/*-]{0,127}$/, "is not an id of 1 to 128 characters");
const time = z.int().min(0).max(timeMax);

/** A role by our name or an imported one; it becomes ours. */
export const roleField = z.string().transform((text, context) => {
  const role = readRole(text);
  if (role !== undefined) return role;
  context.addIssue({ code: "custom", message: `names no role: ${JSON.stringify(text)}` });
  return z.NEVER;
});

export const permissionField = z.string().refine(isPermission, "names no permission");

const list = (item: z.ZodType<string>) =>
  z
    .array(item)
    .max(listMax)
    .transform((items) => [...new Set(items)]);
const ip = z.string().refine((text) => parseRange(text) !== undefined, "names no CIDR range");

const mutable = {
  name: printable.describe("What the key is for."),
  models: list(name).describe("Models it may ask for; missing: all.").optional(),
  routes: list(name).describe("Routes it may use; missing: all.").optional(),
  ips: list(ip).describe("CIDR ranges it may be used from; missing: all.").optional(),
  notBefore: time.describe("Wall-clock ms from which it is good.").optional(),
  expiresAt: time.describe("Wall-clock ms at which it ends.").optional(),
};

/** What a new key is made of; everything but the name has a default. */
export const newKeySchema = z.strictObject({
  ...mutable,
  env: z
    .string()
    .regex(/^[a-z0-9]{2,8}$/, "is not 2 to 8 characters of a-z and 0-9")
    .default("local"),
  tenantId: id.or(z.literal("*")).optional(),
  ownerId: id.optional(),
  kind: z.enum(["user", "service", "workload"]).default("service"),
  roles: list(roleField).optional(),
  permissions: list(permissionField).optional(),
  budgetId: id.optional(),
  rateId: id.optional(),
  boundTo: z
    .string()
    .max(1024)
    .regex(bindingPattern, "is neither sha256:<64 hex digits> nor spiffe://<domain>/<path>")
    .describe("Good only with this client certificate: `sha256:...` or `spiffe://...`.")
    .optional(),
});
export type NewKey = z.input<typeof newKeySchema>;

/** What an update may change; roles, quotas, tenant and owner are no part of it. */
export const keyChangeSchema = z
  .strictObject(mutable)
  .partial()
  .refine((change) => Object.keys(change).length > 0, "changes nothing");
export type KeyChange = z.input<typeof keyChangeSchema>;

export const rotateSchema = z.strictObject({
  overlapMs: z
    .number()
    .min(0)
    .max(30 * dayMs)
    .default(dayMs)
    .describe("The secret before stays good this long (ms); at most 30 d."),
  force: z.boolean().default(false).describe("Ends the oldest of two live secrets now."),
});
export type RotateOptions = z.input<typeof rotateSchema>;

export const revokeSchema = z.strictObject({
  reason: printable.default("none given").describe("Kept with the key and in the audit log."),
});
export type RevokeOptions = z.input<typeof revokeSchema>;

/** Parses `value`; LL_KEY_FIELD (or `code`) names the first field that is wrong. */
export function readFields<T extends z.ZodType>(
  schema: T,
  value: z.input<T>,
  code: "LL_KEY_FIELD" | "LL_USER_FIELD" = "LL_KEY_FIELD",
): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path.map(String).join(".") ?? "";
  const message = `${path} ${issue?.message ?? "is not allowed"}`.trim();
  throw gatewayErrors.make(code, `${message}.`, path === "" ? {} : { param: path });
}
