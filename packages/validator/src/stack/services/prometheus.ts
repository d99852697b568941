import { z } from "zod";
import { webFields } from "./web-fields.ts";

/** A name, labels, or both. Of what a function makes the time is always now, however old its samples. */
const selector = /^(?:[a-zA-Z_:][\w:]*)?(?:\{(?:[^"'{}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*\})?$/;

/** Prometheus, or what answers its API. */
export const prometheusService = z.strictObject({
  kind: z.literal("prometheus"),
  jobs: z
    .array(z.string().min(1).max(200))
    .max(100)
    .default([])
    .describe("jobs that are to have a target"),
  series: z
    .array(
      z
        .string()
        .min(1)
        .max(1_000)
        .regex(selector, 'give a selector such as up{job="api"}: of a function no age is known'),
    )
    .max(100)
    .default([])
    .describe("selectors that are to give fresh samples, such as http_requests_total"),
  freshSeconds: z
    .number()
    .positive()
    .max(3_600)
    .default(60)
    .describe("oldest age of a newest sample, seconds"),
  rules: z
    .array(z.string().min(1).max(200))
    .max(200)
    .default([])
    .describe("alerts and recorded series that are to be loaded"),
  uptime: z
    .array(
      z.strictObject({
        of: z
          .string()
          .min(1)
          .max(1_000)
          .regex(selector, "give the start metric by a selector")
          .describe('start metric, such as process_start_time_seconds{job="api"}'),
        seconds: z
          .number()
          .positive()
          .max(31_536_000)
          .describe("how long each of its processes is to have run, seconds"),
        windowSeconds: z
          .int()
          .min(1)
          .max(2_592_000)
          .default(86_400)
          .describe("time in which restarts are counted, seconds"),
        restartsMax: z
          .int()
          .min(0)
          .max(1_000)
          .default(0)
          .describe("restarts of a process, accepted"),
      }),
    )
    .max(20)
    .default([])
    .describe("processes that are to have run for long"),
  alertmanagers: z.int().min(1).max(20).optional().describe("Alertmanagers it is to send to"),
  ...webFields,
});
