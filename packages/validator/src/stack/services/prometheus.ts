import { z } from "zod";
import { webFields } from "./web-fields.ts";

/** A name, labels, or both. Of what a function makes the time is always now, however old its samples. */
const selector = /^(?:[a-zA-Z_:][\w:]*)?(?:\{(?:[^"'{}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*\})?$/;

const selectorText = z
  .string()
  .min(1)
  .max(1_000)
  .regex(selector, 'give a selector such as http_requests_total{code!~"5.."}');

/** Prometheus answers no more points than this to one question. */
const pointsMax = 11_000;

/** Good of total over a time that Prometheus has stored. */
const storedWindow = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9_-]{0,39}$/, "a lower-case name such as chat")
      .describe("the stream is stack.<service>.window.<name>"),
    good: selectorText.describe("counter of good events"),
    total: selectorText.describe("counter of all events"),
    seconds: z.int().min(10).max(34_560_000).describe("length of the window, s"),
    sampleSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(60)
      .describe("a sample of both counters is expected in each of these, s"),
    objective: z.number().gt(0).lt(1).describe("least share of good events, 0..1"),
  })
  .refine(({ seconds, sampleSeconds }) => seconds >= sampleSeconds, {
    error: "the window is shorter than one sample",
    path: ["seconds"],
  })
  .refine(({ seconds, sampleSeconds }) => seconds / sampleSeconds <= pointsMax, {
    error: `the window has more than ${pointsMax} samples; give a longer sampleSeconds`,
    path: ["sampleSeconds"],
  });

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
  windows: z
    .array(storedWindow)
    .max(50)
    .default([])
    .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, {
      error: "two windows have one name",
    })
    .describe("shares of good events that it has stored"),
  alertmanagers: z.int().min(1).max(20).optional().describe("Alertmanagers it is to send to"),
  ...webFields,
});
