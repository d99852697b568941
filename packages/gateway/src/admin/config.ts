import { parseRange } from "@loadline/kit/ip-ranges";
import { z } from "zod";

const range = z.string().refine((text) => parseRange(text) !== undefined, "expected a CIDR range");

/** The `admin` section: the plane under /admin. */
export const adminConfig = z.strictObject({
  enabled: z.boolean().default(true).describe("Whether paths under /admin are served."),
  allowFrom: z
    .array(range)
    .min(1)
    .max(64)
    .default(["127.0.0.0/8", "::1/128"])
    .describe("CIDR ranges that may use the admin plane; default loopback."),
  bodyBytesMax: z
    .int()
    .min(1024)
    .max(4_194_304)
    .default(65_536)
    .describe("Largest body of an admin request (bytes)."),
});

export type AdminConfig = z.output<typeof adminConfig>;
