import { z } from "zod";
import { localFields } from "./web-fields.ts";

const { url: _local, ...rest } = localFields;

/** Names that are to resolve. */
export const dnsService = z.strictObject({
  kind: z.literal("dns"),
  url: z
    .string()
    .regex(
      /^dns:\/\/(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:]+\])(:\d{1,5})?$/i,
      "give dns://ADDRESS:PORT",
    )
    .describe("the server that is asked, by its address"),
  names: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(253),
        type: z.enum(["A", "AAAA", "CNAME", "TXT", "MX", "NS", "SRV"]).default("A"),
        expect: z
          .array(z.string().min(1).max(500))
          .max(50)
          .default([])
          .describe("all of its values; default any"),
      }),
    )
    .min(1)
    .max(100),
  answerMsMax: z.int().min(1).max(10_000).default(1_000).describe("slowest answer, ms"),
  ...rest,
});
