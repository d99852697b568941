import { z } from "zod";
import { secretRef, serviceFields, serviceUrl } from "./fields.ts";

/** Redis or Valkey. */
export const redisService = z.strictObject({
  kind: z.literal("redis"),
  url: serviceUrl(["redis", "rediss"]),
  user: z.string().min(1).max(100).optional().describe("user of an ACL; default the default user"),
  password: secretRef.optional(),
  persistence: z
    .enum(["none", "rdb", "aof"])
    .optional()
    .describe("what is to survive a restart; absent: reported only"),
  maxmemoryPolicy: z
    .string()
    .min(1)
    .max(40)
    .optional()
    .describe("such as allkeys-lru; absent: reported only"),
  topology: z
    .enum(["single", "sentinel", "cluster"])
    .optional()
    .describe("how it is run; absent: reported only. A sentinel leads the checks to its master"),
  master: z
    .string()
    .regex(/^[\w.-]{1,80}$/)
    .optional()
    .describe("name of the master a sentinel watches; default the first"),
  sentinelPassword: secretRef.optional().describe("password of the sentinel itself"),
  replicas: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe("replicas that are to follow; absent: not asked"),
  lagSecondsMax: z
    .number()
    .positive()
    .max(3_600)
    .default(10)
    .describe("how far behind a replica may be, seconds"),
  ...serviceFields,
});
