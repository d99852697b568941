import { z } from "zod";
import { checkName, expectationFields } from "./expectation.ts";
import { secretRef, serviceFields, serviceUrl } from "./fields.ts";

const fields = {
  url: serviceUrl(["postgres", "postgresql"]),
  user: z.string().min(1).max(63).describe("the user the application logs in as"),
  password: secretRef.optional(),
  leastPrivilege: z
    .boolean()
    .default(true)
    .describe("false: the user may create roles and read other databases"),
  migrations: z
    .strictObject({
      table: z
        .string()
        .regex(/^[A-Za-z_][\w.]*$/)
        .describe("table of applied migrations"),
      column: z
        .string()
        .regex(/^[A-Za-z_]\w*$/)
        .default("version")
        .describe("its column of versions"),
      head: z.string().min(1).max(200).describe("the newest version of the build"),
    })
    .optional()
    .describe("what is to be applied"),
  sizeBytesMax: z.int().positive().optional().describe("most bytes the database may take"),
  replication: z
    .enum(["none", "primary", "standby"])
    .optional()
    .describe("its part in a replication; absent: not asked"),
  lagSecondsMax: z
    .number()
    .positive()
    .max(86_400)
    .optional()
    .describe("how far behind standbys may be, seconds; absent: not asked"),
  pool: z
    .strictObject({
      sessions: z
        .int()
        .min(1)
        .max(200)
        .describe("sessions at once that are all to be answered, beyond the pool's own size"),
      waitMsMax: z.int().min(1).max(60_000).default(5_000).describe("longest of them, ms"),
    })
    .optional()
    .describe("the pool before it, or its own connections"),
  slowStatementMs: z
    .number()
    .positive()
    .optional()
    .describe("slowest average of a statement, ms (pg_stat_statements); absent: not asked"),
  queries: z
    .record(checkName, z.strictObject({ sql: z.string().min(1).max(10_000), ...expectationFields }))
    .default({})
    .describe(
      "statements by name, run where nothing can be changed; what is expected is expected of the first field of the first row",
    ),
  slowQueryMs: z
    .int()
    .positive()
    .default(60_000)
    .describe("no running query is to be older than this, ms"),
  ...serviceFields,
};

/** PostgreSQL. */
export const postgresService = z.strictObject({ kind: z.literal("postgres"), ...fields });

/** PostgreSQL with the extension timescaledb. */
export const timescaledbService = z.strictObject({
  kind: z.literal("timescaledb"),
  hypertables: z
    .array(z.string().regex(/^[A-Za-z_]\w{0,62}$/))
    .max(200)
    .default([])
    .describe("tables that are to be split by time"),
  jobs: z
    .int()
    .min(1)
    .max(1_000)
    .optional()
    .describe(
      "jobs of retention, compression and aggregates that are to have run; absent: shown, never counted",
    ),
  ...fields,
});
