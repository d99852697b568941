import { z } from "zod";
import { durationMs, secretValue } from "../config/values.ts";
import { readDsn } from "./errors/event.ts";

/** What a header may hold. */
const headerText = /^[\x20-\x7e]+$/;
const headerValue = secretValue.refine(
  (secret) => headerText.test(secret.reveal()),
  "a header is one line of visible characters",
);

const endpoint = z
  .url({ protocol: /^https?$/ })
  .max(2048)
  .refine((text) => !text.includes("@"), "an address carries no credential; use headers");

const traces = z.strictObject({
  endpoint: endpoint
    .optional()
    .describe(
      "Where spans are sent (OTLP/HTTP, JSON), such as http://127.0.0.1:4318/v1/traces; missing: none are made.",
    ),
  sampleRatio: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe("Share of new traces that are kept, 0 to 1; failed requests always are."),
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/), headerValue)
    .default({})
    .describe("Headers of each export, each value a reference to a secret."),
});

/** The `telemetry` section. */
export const telemetryConfig = z.strictObject({
  serviceName: z
    .string()
    .min(1)
    .max(128)
    .default("loadline")
    .describe("Name of this gateway in traces and error reports."),
  overloadAfter: durationMs({ min: 0, max: 3_600_000, default: 1000 }).describe(
    "New calls are refused when the event loop was over 100 ms late for this long (ms); 0 never refuses.",
  ),
  slos: z
    .string()
    .min(1)
    .optional()
    .describe(
      "File of objectives (loadline-slo/v1): the times that they name become buckets of the request duration.",
    ),
  traces: traces.prefault({}),
  errors: z
    .strictObject({
      dsn: secretValue
        .refine((secret) => readDsn(secret.reveal()) !== undefined, "not a DSN")
        .optional()
        .describe("Reference to a DSN (https://KEY@host/PROJECT) that logged errors are sent to."),
    })
    .prefault({}),
});

export type TelemetryConfig = z.output<typeof telemetryConfig>;
