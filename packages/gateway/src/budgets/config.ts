import { z } from "zod";

const perMillion = (what: string) =>
  z.number().min(0).max(1_000_000).describe(`Currency units per million ${what} tokens.`);

const price = z.strictObject({
  input: perMillion("input"),
  cached: perMillion("cached input").optional().describe("Of cached input tokens; default: input."),
  output: perMillion("output"),
  reasoning: perMillion("reasoning").optional().describe("Of reasoning tokens; default: output."),
  image: z
    .number()
    .min(0)
    .max(1_000_000)
    .default(0)
    .describe("Currency units of each image of a request, beside its tokens."),
  request: z
    .number()
    .min(0)
    .max(1_000_000)
    .default(0)
    .describe("Currency units of each request, whatever its size."),
  from: z.iso.date().optional().describe("First day (UTC) it is valid; absent: since ever."),
});

export type PriceEntry = z.output<typeof price>;

/** What models cost. */
export const pricesSection = z
  .record(z.string().min(1).max(256), z.union([price, z.array(price).min(1).max(64)]))
  .default({})
  .describe("Prices by model name, the upstream's or the one clients ask for.");
