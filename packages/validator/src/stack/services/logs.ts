import { z } from "zod";
import { filePath, localFields } from "./web-fields.ts";

/** Log files of a service. */
export const logsService = z.strictObject({
  kind: z.literal("logs"),
  files: z.array(filePath).min(1).max(50).describe("log files, each read from its end"),
  readBytesMax: z
    .int()
    .min(1_024)
    .max(64 * 1024 * 1024)
    .default(8 * 1024 * 1024)
    .describe("bytes read of each file, the newest; what is before is not looked at"),
  known: z
    .array(z.string().min(1).max(500))
    .max(500)
    .default([])
    .describe("signatures of errors that are accepted, as a finding shows them"),
  structured: z
    .boolean()
    .default(true)
    .describe("every line is to be JSON with a time and a level"),
  freshSeconds: z
    .number()
    .positive()
    .max(86_400)
    .optional()
    .describe("oldest age of the newest change of each file, seconds; absent: not asked"),
  ...localFields,
});
