import { z } from "zod";
import { filePath, localFields } from "./web-fields.ts";

const serviceName = z.string().regex(/^[a-zA-Z0-9][\w.-]{0,62}$/, "a service of the compose file");

/** The containers of a compose project, as their engine tells of them. */
export const composeService = z.strictObject({
  kind: z.literal("compose"),
  project: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, "a name such as shop")
    .describe("name of the compose project, that of its folder unless it was told otherwise"),
  services: z
    .array(serviceName)
    .min(1)
    .max(100)
    .describe("services of the compose file, each looked at by itself"),
  completed: z
    .array(serviceName)
    .max(100)
    .default([])
    .describe("those of them that are to have ended with 0, such as migrations"),
  replicas: z
    .record(serviceName, z.int().min(1).max(500))
    .default({})
    .describe("containers that a service is to have at least, default 1"),
  engine: filePath.default("docker").describe("docker, podman, or the path of one"),
  logLinesMax: z
    .int()
    .min(1)
    .max(100_000)
    .default(2_000)
    .describe("lines read of each container's log, the newest"),
  known: z
    .array(z.string().min(1).max(500))
    .max(500)
    .default([])
    .describe("signatures of errors that are accepted, as a finding shows them"),
  ...localFields,
});
