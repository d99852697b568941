import { z } from "zod";
import { webFields } from "./web-fields.ts";

/** Grafana. */
export const grafanaService = z.strictObject({
  kind: z.literal("grafana"),
  dashboards: z
    .array(z.string().regex(/^[\w-]{1,40}$/))
    .min(1)
    .max(50)
    .describe("uids of the dashboards whose panels are asked"),
  from: z.string().min(1).max(40).default("now-1h").describe("start of the time that is asked for"),
  ...webFields,
});
