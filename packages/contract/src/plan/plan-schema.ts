import { z } from "zod";
import { claimCategories } from "../claim.ts";

const quantity = z.union([z.number(), z.string()]);

/** Input shape of one claim; kinds and units are judged afterwards, so their codes can be named. */
export const claimSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/, "a dotted lower-case id such as chat.p99")
    .describe("dotted and stable between runs, e.g. chat.p99"),
  statement: z.string().min(1).max(500).describe("rendered verbatim; names unit and scope"),
  kind: z.string().describe("how the claim is decided"),
  of: z.string().min(1).describe("observation stream that decides it"),
  parts: z.array(z.string().min(1)).optional().describe('declared parts; default ["all"]'),
  target: quantity.optional().describe('ratio 0..1 or "99.5 %"'),
  limit: quantity.optional().describe('quantity with its unit, e.g. "2 s"'),
  unit: z.string().min(1).optional().describe("unit of a numeric limit"),
  min: z.int().min(1).optional().describe("least number of observations; default 1"),
  side: z.enum(["below", "above"]).optional().describe("side of the limit a mean keeps to"),
  over: z.string().optional().describe('tumbling window whose parts these are, e.g. "60 s"'),
  mode: z
    .literal("sequential")
    .optional()
    .describe("samples decide in the order they come, at the first that can"),
  items: z.array(z.string().min(1)).optional().describe("declared items of a coverage claim"),
  confidence: z.number().min(0.9).max(0.999).optional().describe("one-sided, 0.9..0.999"),
  required: z.boolean().optional().describe("default true; optional claims are never counted"),
  accept: z.literal("imported").optional().describe("lets named foreign results count"),
  category: z.enum(claimCategories).describe("scorecard category"),
  rationale: z.string().min(10).max(2_000).describe("why it is promised, at least 10 characters"),
  checklist: z.array(z.string().min(1)).optional().describe("checklist ids this claim shows"),
});

/** Input shape of a plan; `claims[].confidence` defaults to `confidence`. */
export const planSchema = z.strictObject({
  schema: z.literal("loadline-plan/v1").optional(),
  profile: z.string().min(1).default("quick").describe("name of the set of stages"),
  target: z
    .strictObject({
      name: z.string().min(1).optional().describe("how reports name it; default the URL"),
      baseUrl: z.url({ protocol: /^https?$/ }).describe("root of the OpenAI-shaped API"),
    })
    .describe("what is validated"),
  confidence: z.number().min(0.9).max(0.999).default(0.95).describe("one-sided, 0.9..0.999"),
  maxWaived: z.int().min(0).max(100).default(3).describe("most waived claims of a READY"),
  budgetMinutes: z.number().positive().max(10_080).default(60).describe("most minutes a run takes"),
  maxAgeMs: z
    .number()
    .positive()
    .max(2_592_000_000)
    .optional()
    .describe("oldest imported evidence, ms; default 24 h"),
  retries: z
    .int()
    .min(0)
    .max(2)
    .optional()
    .describe("times an attempt that reached nothing is made again; default 2"),
  claims: z.array(claimSchema).max(10_000).describe("what is promised"),
  stages: z.record(z.string(), z.unknown()).default({}).describe("configuration of the stages"),
});

export type ClaimInput = z.infer<typeof claimSchema>;
export type PlanInput = z.infer<typeof planSchema>;

/** Known keys, for the nearest-name hint. */
export const claimKeys: readonly string[] = Object.keys(claimSchema.shape);
export const planKeys: readonly string[] = Object.keys(planSchema.shape);
