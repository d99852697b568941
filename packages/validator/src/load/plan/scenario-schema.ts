import { isRecord } from "@loadline/kit/json";
import { meant } from "@loadline/kit/nearest";
import { z } from "zod";
import {
  duration,
  durationOrZero,
  moduleExport,
  name,
  pause,
  rate,
  rateOrZero,
  tags,
} from "./fields.ts";
import { stepSchema } from "./step-schema.ts";

const users = z.int("a whole number of users").min(1);
const iterations = z.int("a whole number of iterations").min(1).max(1_000_000_000);
const steps = z.array(stepSchema).min(1, "has no steps").max(200);
const timeUnit = duration.default(1000).describe("of the rates, default 1s");

/** What an iteration does, and terms every executor has. */
const shared = {
  exec: moduleExport.optional().describe("a function of a module: ./file.ts#export"),
  steps: steps.optional().describe("what an iteration does, one after the other"),
  request: stepSchema
    .refine((step) => step.http !== undefined || step.llm !== undefined, "needs `http` or `llm`")
    .optional()
    .describe("the one request of an iteration: sessions grow its history, traces make its prompt"),
  mix: z
    .record(
      name,
      z.strictObject({
        weight: z.number().min(0).describe("share of iterations, relative to the others"),
        exec: moduleExport.optional(),
        steps: steps.optional(),
        requests: z.array(name).max(100).optional(),
      }),
    )
    .optional()
    .describe("kinds of iterations, in shares exact to one block"),
  requests: z
    .array(name)
    .max(100)
    .optional()
    .describe("names a module gives to its requests, for thresholds"),
  feed: name.optional().describe("the feeder whose rows its iterations get"),
  env: z.record(z.string(), z.string()).optional().describe("vu.env and ${env.NAME} of it"),
  tags: tags.optional().describe("of all its requests, for thresholds: metric{name:value}"),
  http2: z.boolean().default(false).describe("over HTTP/2: several times the CPU per request"),
  startTime: durationOrZero.default(0).describe("after the start of the run"),
  warmup: durationOrZero.default(0).describe("sent first, counted in no claim"),
  gracefulStop: durationOrZero.default(30_000).describe("wait for answers after the last request"),
} as const;

const open = {
  ...shared,
  arrivals: z.enum(["even", "poisson", "gamma"]).default("even"),
  burstiness: z.number().positive().max(100).optional().describe("shape of gamma gaps"),
  preAllocatedVUs: users.optional(),
  maxVUs: users.optional().describe("default 10,000"),
} as const;

const closed = {
  ...shared,
  think: pause.optional().describe("pause of a user between two iterations"),
  startJitter: durationOrZero.optional().describe("spread of the first starts"),
} as const;

const stagesOf = <T extends z.ZodType>(target: T) =>
  z.array(z.strictObject({ duration, target })).min(1, "has no stages").max(1000);

const executors = [
  z.strictObject({
    executor: z.literal("constant-arrival-rate"),
    ...open,
    rate,
    timeUnit,
    duration,
    sine: z
      .strictObject({ amplitude: rate, period: duration })
      .optional()
      .describe("the rate moves by up to `amplitude` around its mean"),
  }),
  z.strictObject({
    executor: z.literal("ramping-arrival-rate"),
    ...open,
    startRate: rateOrZero.default({ perUnit: 0 }),
    timeUnit,
    stages: z
      .array(
        z.strictObject({
          duration,
          target: rateOrZero,
          step: z.boolean().optional().describe("holds for the whole stage, no ramp"),
        }),
      )
      .min(1, "has no stages")
      .max(1000),
  }),
  z.strictObject({ executor: z.literal("constant-vus"), ...closed, vus: users, duration }),
  z.strictObject({
    executor: z.literal("ramping-vus"),
    ...closed,
    startVUs: z.int().min(0).default(0),
    stages: stagesOf(z.int("a whole number of users").min(0)),
  }),
  z.strictObject({
    executor: z.literal("shared-iterations"),
    ...closed,
    vus: users.default(1),
    iterations: iterations.default(1),
    maxDuration: duration.default(600_000),
  }),
  z.strictObject({
    executor: z.literal("per-vu-iterations"),
    ...closed,
    vus: users.default(1),
    iterations: iterations.default(1),
    maxDuration: duration.default(600_000),
  }),
  z.strictObject({
    executor: z.literal("sessions"),
    ...open,
    rate,
    timeUnit,
    duration,
    turns: z.int().min(1).max(1000),
    think: pause.optional().describe("between an answer and the next turn"),
  }),
  z.strictObject({
    executor: z.literal("trace-replay"),
    ...open,
    trace: z.string().min(1).describe("file of the trace"),
    format: z.enum(["mooncake", "azure", "burstgpt"]),
    speed: z.number().positive().max(1000).default(1).describe("2 = twice as fast"),
  }),
  z.strictObject({
    executor: z.literal("ladder"),
    ...closed,
    users: z.array(users).min(1).max(50),
    rounds: z.int().min(1).max(20).default(3),
    hold: duration.optional().describe("length of one step, default what the claims need"),
    settle: durationOrZero.optional().describe("first part of a step that is not counted"),
  }),
  z.strictObject({
    executor: z.literal("find-peak"),
    ...open,
    startRate: rate,
    maxRate: rate,
    timeUnit,
    step: duration.describe("length of one step"),
    pass: z.strictObject({
      share: z.number().gt(0).lt(1).default(0.99).describe("ok and within the limit, of all due"),
      limit: duration.describe("response time"),
      confidence: z.number().min(0.9).max(0.999).default(0.95),
    }),
    maxSteps: z.int().min(3).max(200).optional(),
  }),
] as const;

/** Executors under k6's names, and ours. */
export const executorNames = executors.map(({ shape }) => shape.executor.value);

/** One scenario of a plan: when, and what. */
export const scenarioSchema = z.discriminatedUnion("executor", executors, {
  error: (issue) =>
    issue.code === "invalid_union"
      ? `needs one of the executors ${executorNames.join(", ")}.${meantExecutor(issue.input)}`
      : undefined,
});

function meantExecutor(input: unknown): string {
  const given = isRecord(input) ? input["executor"] : undefined;
  return typeof given === "string" ? meant(given, executorNames) : "";
}

export type ScenarioFile = z.output<typeof scenarioSchema>;
