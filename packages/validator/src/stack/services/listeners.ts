import { z } from "zod";
import { localFields, procRoot } from "./web-fields.ts";

/** What listens on this machine. */
export const listenersService = z.strictObject({
  kind: z.literal("listeners"),
  procRoot,
  stores: z
    .array(z.int().min(1).max(65_535))
    .max(200)
    .default([])
    .describe("ports of data stores beside the usual ones and those of this stack"),
  allowed: z
    .array(z.int().min(1).max(65_535))
    .max(500)
    .optional()
    .describe("all ports that may listen beyond loopback; absent: data stores alone are looked at"),
  edges: z
    .enum(["declared"])
    .optional()
    .describe(
      "declared: of the services of this stack that run here none is to be connected to another without an edge; absent: not asked",
    ),
  ...localFields,
});
