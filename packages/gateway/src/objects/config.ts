import { z } from "zod";
import { durationMs, secretValue } from "../config/values.ts";

const s3 = z.strictObject({
  endpoint: z
    .string()
    .regex(/^https?:\/\/[^/@?#]+\/?$/, "expected http://host:port or https://host:port")
    .refine((text) => URL.canParse(text), "expected a URL")
    .describe("Address of an S3-compatible server."),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
    .describe("Bucket, which has to exist."),
  region: z.string().min(1).max(64).default("us-east-1").describe("Region of the signature."),
  accessKey: secretValue.describe("Access key id, as a reference."),
  secretKey: secretValue.describe("Secret access key, as a reference."),
});

/** The store of uploads: members of the section `stores`. */
export const objectStoreShape = {
  objects: z
    .union([z.string().regex(/^file:/, "expected file: or file:PATH"), s3])
    .nullable()
    .default(null)
    .describe(
      "What /v1/files keeps its bytes in: `file:` is a folder in stateDir, `file:PATH` another one, {endpoint, bucket, ...} an S3-compatible server; null: there is no /v1/files. Files are kept in clear: encrypt the volume or the bucket.",
    ),
  objectsTimeout: durationMs({ min: 50, max: 60_000, default: 10_000 }).describe(
    "Longest wait for the object store (ms), for each call of it.",
  ),
};

export type ObjectsConfig = z.output<typeof objectStoreShape.objects>;
