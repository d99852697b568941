import { z } from "zod";
import { secretRef } from "./fields.ts";
import { filePath, localFields, procRoot } from "./web-fields.ts";

/** Where secrets must not be. */
export const secretsService = z.strictObject({
  kind: z.literal("secrets"),
  files: z
    .array(filePath)
    .max(200)
    .default([])
    .describe("configuration files and folders that hold references, never secrets"),
  logs: z.array(filePath).max(50).default([]).describe("log files"),
  images: z
    .array(filePath)
    .max(20)
    .default([])
    .describe("archives of images, as `docker save` or `podman save` writes them"),
  pids: z.array(z.int().positive()).max(50).default([]).describe("processes: their environment"),
  procRoot,
  planted: z
    .array(secretRef)
    .max(50)
    .default([])
    .describe("values in use, or planted for this; they may stand nowhere in files and logs"),
  logins: z
    .array(
      z.strictObject({
        url: z.url({ protocol: /^https?$/ }).describe("a page that asks for a login"),
      }),
    )
    .max(20)
    .default([])
    .describe("doors at which the logins of manufacturers are tried"),
  ...localFields,
});
