import { parseRange } from "@loadline/kit/ip-ranges";
import { z } from "zod";

const mebibyte = 1024 * 1024;

const bytesMax = (mebibytes: number) =>
  z
    .int()
    .min(1024)
    .max(1024 * mebibyte)
    .default(mebibytes * mebibyte);

const rules = z
  .strictObject({
    addresses: z
      .array(z.string().refine((text) => parseRange(text) !== undefined, "expected a CIDR range"))
      .max(256)
      .optional()
      .describe(
        "CIDR ranges beside public addresses that hosts may be or lead to. Missing: internal ones, " +
          "too, and an address that is written as the host itself.",
      ),
  })
  .prefault({});

/** The `egress` section. */
export const egressConfig = z.strictObject({
  bodyBytesMax: bytesMax(32).describe("Largest whole answer of a target as it comes, in bytes."),
  decodedBytesMax: bytesMax(64).describe("Largest whole answer that came compressed, in bytes."),
  classes: z
    .strictObject({
      provider: rules.describe("Targets and their proxies."),
      store: rules.describe("The object store; the drivers of SQL and Redis are not bound by it."),
      telemetry: rules.describe("Collectors of traces and errors."),
    })
    .prefault({}),
});

export type EgressConfig = z.output<typeof egressConfig>;
export type DestinationClass = keyof EgressConfig["classes"];
