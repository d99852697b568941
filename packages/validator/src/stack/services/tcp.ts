import { z } from "zod";
import { checkName, plainText } from "./expectation.ts";
import { serviceFields, serviceUrl } from "./fields.ts";

/** Whatever listens on a port and is asked in its own words. */
export const tcpService = z.strictObject({
  kind: z.literal("tcp"),
  url: serviceUrl(["tcp"]).refine(
    (text) => (URL.parse(text)?.port ?? "") !== "",
    "give tcp://host:port",
  ),
  exchanges: z
    .record(
      checkName,
      z.strictObject({
        send: plainText.optional().describe('what is sent, such as "PING\\r\\n"; absent: nothing'),
        contains: z.string().min(1).max(2_000).describe("text that is to come back"),
      }),
    )
    .default({})
    .describe("what is said on a connection each, by name; none: it is to take one"),
  ...serviceFields,
});
