import { z } from "zod";
import { filePath } from "./web-fields.ts";
import { serviceFields, serviceUrl } from "./fields.ts";

/** A door that speaks TLS, whatever is behind it. */
export const tlsService = z.strictObject({
  kind: z.literal("tls"),
  url: serviceUrl(["tls", "https"]),
  serverName: z
    .string()
    .min(1)
    .max(253)
    .optional()
    .describe("name the certificate is to be good for; default the host of url"),
  ca: filePath.optional().describe("file of the authorities in PEM; default those of Node.js"),
  daysLeft: z
    .int()
    .min(0)
    .max(3_650)
    .default(21)
    .describe("least days until the first certificate of the chain ends"),
  minVersion: z.enum(["1.2", "1.3"]).default("1.2").describe("older versions are to be refused"),
  hsts: z
    .boolean()
    .default(false)
    .describe("strict-transport-security of at least 180 days is to be sent; HTTPS only"),
  postQuantum: z
    .boolean()
    .default(false)
    .describe("a handshake that offers the group X25519MLKEM768 alone is to succeed"),
  ...serviceFields,
});
