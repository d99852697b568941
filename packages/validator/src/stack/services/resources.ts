import { z } from "zod";
import { localFields, procRoot } from "./web-fields.ts";

/** What a process takes of the machine. */
export const resourcesService = z.strictObject({
  kind: z.literal("resources"),
  pid: z.int().positive().describe("the process"),
  procRoot,
  windowMs: z
    .int()
    .min(100)
    .max(20_000)
    .default(1_000)
    .describe("how long it is watched before, during and after the load, each, ms"),
  load: z
    .strictObject({
      url: z.url({ protocol: /^https?$/ }).describe("asked by GET while it is watched"),
      concurrency: z.int().min(1).max(16).default(4).describe("requests at once"),
    })
    .optional()
    .describe("a bounded load on the process; absent: it is watched as it is"),
  cpuRatioMax: z
    .number()
    .positive()
    .max(1_024)
    .optional()
    .describe("cores it may take over a window; 0.5 is half of one"),
  growthRatioMax: z
    .number()
    .min(0)
    .max(10)
    .default(0.5)
    .describe("growth of memory from before to after that is accepted; 0.5 is half as much again"),
  openFilesMax: z.int().positive().optional().describe("descriptors it may hold"),
  ...localFields,
});
