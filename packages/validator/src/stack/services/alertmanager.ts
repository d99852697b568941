import { z } from "zod";
import { webFields } from "./web-fields.ts";

const labels = z.record(z.string().regex(/^[a-zA-Z_]\w*$/), z.string().min(1).max(200));

/** Alertmanager. */
export const alertmanagerService = z.strictObject({
  kind: z.literal("alertmanager"),
  routes: z
    .array(
      z.strictObject({
        labels: labels.describe("labels of an alert"),
        receiver: z.string().min(1).max(200).describe("receiver it is to reach"),
      }),
    )
    .max(50)
    .default([])
    .describe("who is told of what; tried with silenced alerts, so that nobody is called"),
  sink: z
    .strictObject({
      listen: z
        .string()
        .regex(/^127\.0\.0\.1:\d{1,5}$/, "give 127.0.0.1:PORT")
        .describe("where the check listens for the webhook of a receiver"),
      labels: labels.describe("labels whose alerts go to that webhook"),
    })
    .optional()
    .describe("a test alert is sent and awaited here"),
  ...webFields,
});
