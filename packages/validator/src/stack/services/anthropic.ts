import { z } from "zod";
import { secretRef } from "./fields.ts";
import { webFields } from "./web-fields.ts";

/** A model behind the Messages API. */
export const anthropicService = z.strictObject({
  kind: z.literal("anthropic"),
  model: z.string().min(1).max(200),
  apiKey: secretRef.optional().describe("sent as x-api-key; another is to be refused"),
  ...webFields,
});
