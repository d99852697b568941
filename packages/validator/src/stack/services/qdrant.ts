import { z } from "zod";
import { secretRef } from "./fields.ts";
import { webFields } from "./web-fields.ts";

/** Qdrant over its HTTP API. */
export const qdrantService = z.strictObject({
  kind: z.literal("qdrant"),
  apiKey: secretRef.optional().describe("sent as api-key; requests without it are to be refused"),
  ...webFields,
});
