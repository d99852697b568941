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
    .describe("how it is run; absent: reported only"),
  ...serviceFields,
});
