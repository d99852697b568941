import { z } from "zod";
import { durationMs, secretValue } from "../config/values.ts";

const hourMs = 3_600_000;
const pepperCharsMin = 32;

const pepper = secretValue.refine((secret) => secret.reveal().length >= pepperCharsMin, {
  message: `a pepper has at least ${pepperCharsMin} characters`,
});

/** Section `auth` of the configuration. */
export const authSection = z.strictObject({
  required: z.boolean().default(true).describe("Whether model operations need a key."),
  staleGrace: durationMs({ min: 0, max: hourMs, default: 300_000 }).describe(
    "Keys seen before are served this long while the store does not answer (ms); 0 refuses.",
  ),
  peppers: z
    .record(z.string().regex(/^[1-9]\d{0,3}$/), pepper)
    .default({})
    .describe(
      "Secrets of key digests by version, the highest current; replicas of one store need the " +
        "same. Version 1 is the file `pepper` of stateDir when it is not given.",
    ),
});
