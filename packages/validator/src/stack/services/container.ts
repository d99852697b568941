import { z } from "zod";
import { serviceUrl } from "./fields.ts";
import { filePath, localFields } from "./web-fields.ts";

/** A container, as its engine tells of it. */
export const containerService = z.strictObject({
  kind: z.literal("container"),
  container: z
    .string()
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/)
    .describe("name or id"),
  engine: filePath.default("podman").describe("podman, docker, or the path of one"),
  restartsMax: z.int().min(0).max(1_000).default(0).describe("restarts that are accepted"),
  readOnlyRoot: z.boolean().default(true).describe("the root file system is to be read-only"),
  commitAt: serviceUrl(["http", "https"])
    .optional()
    .describe("JSON of the service in it: its member commit is to be the revision of its image"),
  restartable: z
    .boolean()
    .default(false)
    .describe("true: it may be restarted to see whether its volumes keep a marker"),
  ...localFields,
});
