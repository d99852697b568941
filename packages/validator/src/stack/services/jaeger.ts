import { z } from "zod";
import { serviceUrl } from "./fields.ts";
import { webFields } from "./web-fields.ts";

/** A store of traces with Jaeger's query API, fed over OTLP. */
export const jaegerService = z.strictObject({
  kind: z.literal("jaeger"),
  otlp: serviceUrl(["http", "https"]).describe("where OTLP over HTTP is taken, such as :4318"),
  ...webFields,
});
