import { z } from "zod";
import { secretRef, serviceFields, serviceUrl } from "./fields.ts";

const fields = {
  url: serviceUrl(["http", "https"]),
  region: z.string().min(1).max(40).default("us-east-1").describe("region of signatures"),
  accessKey: secretRef.describe("the application's access key"),
  secretKey: secretRef.describe("its secret"),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
    .describe("bucket the checks write to and clean up in"),
  buckets: z.array(z.string()).max(50).default([]).describe("further buckets nobody else may read"),
  policy: z
    .enum(["none", "private"])
    .optional()
    .describe(
      "none: no bucket policy at all; private: none that lets everybody in; absent: not asked",
    ),
  versioning: z.boolean().optional().describe("whether versions are to be kept; absent: not asked"),
  ...serviceFields,
};

/** Any object store that speaks S3. */
export const s3Service = z.strictObject({ kind: z.literal("s3"), ...fields });

/** MinIO: S3, with its own health routes and default login. */
export const minioService = z.strictObject({
  kind: z.literal("minio"),
  nodes: z.int().min(1).max(64).default(1).describe("servers of the cluster"),
  ...fields,
});
