import { z } from "zod";
import { holdsPassword, Secret, secretValue } from "../config/values.ts";

const sqlPattern = /^(sqlite:.*|postgres(ql)?:\/\/.+)$/s;

/** A literal address may hold no password; a reference may. */
const sqlAddress = z
  .union([z.string(), secretValue])
  .refine((value) => sqlPattern.test(value instanceof Secret ? value.reveal() : value), {
    message: "expected sqlite:, sqlite:PATH or postgres://user@host:port/database",
  })
  .refine((value) => value instanceof Secret || !holdsPassword(value), {
    message: "an address with a password is written as ${env:NAME} or ${file:PATH}",
  });

/** The part of `stores` that outlives the process. */
export const sqlStoreShape = {
  sql: sqlAddress
    .default("sqlite:")
    .describe(
      "Keys, principals, usage, audit log: `sqlite:` is a file in stateDir, or postgres://...",
    ),
};

/** The address in clear text; it goes to the driver only. */
export function sqlUrl(sql: z.output<typeof sqlStoreShape.sql>): string {
  return sql instanceof Secret ? sql.reveal() : sql;
}
