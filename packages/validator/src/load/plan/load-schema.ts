import { z } from "zod";
import { ageMs } from "../../plan/age.ts";
import { feedOrders } from "../scenario/feed/order.ts";
import { processesMax, workersMax } from "./check.ts";
import { duration, durationOrZero, moduleExport, name } from "./fields.ts";
import { mlperfModels } from "./mlperf.ts";
import { onlySecrets } from "./places.ts";
import { mcpSchema, ragSchema, roomsSchema } from "./service-schema.ts";
import { scenarioSchema } from "./scenario-schema.ts";

const secretText = z.string().min(1).superRefine(onlySecrets);

const auth = z
  .strictObject({
    bearer: secretText.optional().describe("token, by reference: ${env:NAME} or ${file:PATH}"),
    header: z
      .strictObject({ name: z.string().min(1), value: secretText })
      .optional()
      .describe("a header of another name"),
  })
  .refine(
    (a) => (a.bearer === undefined) !== (a.header === undefined),
    "needs `bearer` or `header`",
  );

const target = z.strictObject({
  baseUrl: z
    .url({ protocol: /^https?$/, error: "an http or https URL" })
    .describe("requests go below it"),
  allowHosts: z.array(z.string().min(1)).max(100).default([]).describe("besides loopback"),
  auth: auth.optional(),
  headers: z
    .record(z.string(), z.string())
    .superRefine(onlySecrets)
    .optional()
    .describe("sent with every request"),
  insecure: z
    .boolean()
    .default(false)
    .describe("certificates are not verified; the report says so"),
  model: z.string().min(1).optional().describe("model of llm steps that name none"),
  tokenizer: moduleExport
    .optional()
    .describe("function (text) => count, for answers without usage: ./file.ts#export"),
  mcp: mcpSchema.optional(),
  rag: ragSchema.optional(),
  rooms: roomsSchema.optional(),
});

const forms = ["csv", "jsonl", "json", "generator", "trace"] as const;

const feeder = z
  .strictObject({
    csv: z.string().min(1).optional().describe("file with a header"),
    jsonl: z.string().min(1).optional().describe("file with one object per line"),
    json: z.string().min(1).optional().describe("file with a list of objects"),
    generator: moduleExport.optional().describe("function (index, random) => row"),
    trace: z.string().min(1).optional().describe("file of a trace, a row per request"),
    format: z.enum(["mooncake", "azure", "burstgpt"]).optional().describe("of the trace"),
    order: z.enum(feedOrders).default("sequential"),
    secret: z
      .array(z.string().min(1))
      .max(100)
      .default([])
      .describe("columns kept out of evidence"),
  })
  .refine(
    (f) => forms.filter((form) => f[form] !== undefined).length === 1,
    `needs exactly one of ${forms.join(", ")}`,
  )
  .refine(
    (f) => (f.trace === undefined) === (f.format === undefined),
    "`trace` and `format` go together",
  );

const threshold = z.union([
  z.string().min(1),
  z.strictObject({
    threshold: z.string().min(1),
    id: z
      .string()
      .regex(/^[a-z0-9][\w.-]{0,119}$/i, "letters, digits, _ . -")
      .optional(),
    required: z.boolean().optional(),
    abortOnFail: z.boolean().optional(),
    delayAbortEval: durationOrZero.optional(),
    abortOn: z.enum(["evidence", "point"]).optional(),
  }),
]);

const positive = z.int().min(1);

/** Growth of memory a window may show, MiB an hour. */
const growth = z
  .number()
  .positive()
  .max(1_048_576)
  .optional()
  .describe(
    "the first series (a cgroup or process: its memory), in bytes, grows by at most this, MiB/h",
  );

/** The `load:` block of a plan. */
export const loadBlockSchema = z.strictObject({
  target,
  seed: z.int().min(0).max(0xffffffff).default(7).describe("same seed, same schedule"),
  workers: z
    .union([z.literal("auto"), positive.max(workersMax)])
    .default("auto")
    .describe("sender threads per process; auto: what the load needs"),
  processes: positive.max(processesMax).default(1).describe("whole generators"),
  pacing: z.enum(["pacer", "timer", "precise"]).default("pacer").describe("how the sender waits"),
  precision: z
    .enum(["normal", "high"])
    .default("normal")
    .describe("buckets of latencies 0.4 % wide, or 0.1 % in four times the memory"),
  confidence: z.number().min(0.9).max(0.999).default(0.95).describe("one-sided, of every claim"),
  maxConnections: positive.max(100_000).optional().describe("per worker, default 1,024"),
  timeouts: z
    .strictObject({
      connect: duration.optional().describe("default 5s"),
      firstByte: duration.optional().describe("default 30s, of a model 60s"),
      idle: duration.optional().describe("between two reads of an answer, default 30s"),
      total: duration.optional().describe("default 120s, of a model 600s"),
    })
    .optional(),
  feeders: z.record(name, feeder).default({}),
  setup: moduleExport.optional().describe("run once before load, its JSON result goes to every VU"),
  teardown: moduleExport.optional().describe("always run at the end"),
  scenarios: z
    .record(name, scenarioSchema)
    .refine((all) => Object.keys(all).length > 0, "is empty")
    .refine((all) => Object.keys(all).length <= 64, "holds more than 64 scenarios"),
  checks: z
    .array(z.string().min(1).max(120))
    .max(500)
    .default([])
    .describe("checks that modules count: one that never runs is not tested"),
  metrics: z
    .record(
      name,
      z.strictObject({
        type: z.enum(["trend", "counter", "rate", "gauge"]),
        quantity: z.enum(["time", "ratio", "count", "bytes"]).default("count"),
        counts: z.enum(["bad", "good"]).optional().describe("what a rate counts"),
      }),
    )
    .default({})
    .describe("metrics that modules add values to, for thresholds"),
  thresholds: z
    .record(z.string().min(1), z.union([threshold, z.array(threshold).min(1).max(64)]))
    .default({}),
  slo: z
    .strictObject({
      mlperf: z
        .enum(mlperfModels)
        .optional()
        .describe("`ttft` and `tpot` as MLPerf limits them at p99 for this model"),
      responseTime: duration.optional(),
      ttft: duration.optional(),
      tpot: duration.optional(),
      e2e: duration.optional(),
    })
    .optional()
    .describe("what a good answer keeps, for the metric `good`"),
  observe: z
    .array(
      z.union([
        z.strictObject({
          prometheus: z.url({ protocol: /^https?$/ }).describe("the target's metrics page"),
          series: z.array(z.string().min(1)).min(1).max(64).describe("names, or names{labels}"),
          growthMibPerHourMax: growth,
        }),
        z.strictObject({
          cgroup: z.string().startsWith("/").describe("folder of a control group"),
          growthMibPerHourMax: growth,
        }),
        z.strictObject({
          process: positive.max(4_194_304).describe("id of a process of this machine"),
          growthMibPerHourMax: growth,
        }),
      ]),
    )
    .max(16)
    .default([])
    .describe("sampled each second before, during and after load"),
  waive: z
    .array(
      z.strictObject({
        guard: z.string().min(1),
        owner: z.string().min(1),
        reason: z.string().min(1),
        expires: z.iso.date(),
      }),
    )
    .max(50)
    .default([]),
});

/** A plan file whose one block is `load`. */
export const loadFileSchema = z.strictObject({
  $schema: z.string().optional().describe("for editors; not read"),
  accept: z.literal("imported").optional().describe("`load import`: another tool's results count"),
  maxAge: ageMs.optional().describe('`load import`: oldest results that count, default "24 h"'),
  load: loadBlockSchema,
});

export type LoadBlock = z.output<typeof loadBlockSchema>;
export type LoadBlockInput = z.input<typeof loadBlockSchema>;
