import { z } from "zod";

/** The `auditLog` section. */
export const auditLogConfig = z.strictObject({
  onFull: z
    .enum(["refuse", "continue"])
    .default("refuse")
    .describe(
      "A store that keeps no entries, or a full queue, refuses model requests; or loses entries, which are counted.",
    ),
  requests: z
    .enum(["denied", "all"])
    .default("denied")
    .describe("Which requests get an entry: refused ones, or every one."),
  sync: z
    .boolean()
    .default(false)
    .describe("A refused request is answered after its entry is committed, at most 1 s later."),
  retentionDays: z
    .int()
    .min(90)
    .max(36_500)
    .default(365)
    .describe("Days that `audit-log purge` leaves untouched; only whole days before them go."),
  heads: z
    .string()
    .min(1)
    .optional()
    .describe("File of signed Merkle heads, better on another volume; missing: none are made."),
});

export type AuditLogConfig = z.output<typeof auditLogConfig>;
