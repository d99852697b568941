import { z } from "zod";
import { durationMs } from "../config/values.ts";

const hourMs = 3_600_000;

/** Section `auth` of the configuration. */
export const authSection = z.strictObject({
  required: z.boolean().default(true).describe("Whether model operations need a key."),
  staleGrace: durationMs({ min: 0, max: hourMs, default: 300_000 }).describe(
    "Keys seen before are served this long while the store does not answer (ms); 0 refuses.",
  ),
});
