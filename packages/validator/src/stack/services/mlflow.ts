import { z } from "zod";
import { secretRef, serviceFields, serviceUrl } from "./fields.ts";

/** MLflow's tracking server. */
export const mlflowService = z.strictObject({
  kind: z.literal("mlflow"),
  url: serviceUrl(["http", "https"]),
  user: z.string().min(1).max(100).optional().describe("user of basic authentication"),
  password: secretRef.optional(),
  artifacts: z.boolean().default(true).describe("false: the server serves no artifacts"),
  registry: z.boolean().default(false).describe("true: the model registry is used"),
  ...serviceFields,
});
