import { claimSchema, useNames } from "@loadline/contract";
import { unsentPart } from "@loadline/kit/egress";
import { z } from "zod";
import { checkLoaded } from "../service-load/loaded.ts";
import { stackSchema } from "../stack/manifest.ts";
import { checkEnds } from "../target-load/ends-problems.ts";
import { ladderSchema, soakSchema } from "../target-load/schema.ts";
import { ageMs } from "./age.ts";
import { gateSchema } from "./gates.ts";

/** Stages a plan may leave out; the last three are declared only, no build runs them yet. */
export const stageNames = ["probe", "stack", "load", "chaos", "audit", "drill"] as const;

/** What the plan says about the target; only `url` is needed. */
export const targetSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .refine((text) => !URL.canParse(text) || unsentPart(new URL(text)) === null, {
      error: "carries a user, a query or a fragment, which are not sent; a key is `apiKeyEnv`",
    })
    .describe("base URL, the part before /chat/completions"),
  name: z.string().min(1).max(80).optional().describe("name in reports, default the URL"),
  owner: z.string().min(1).max(80).optional().describe("who answers for it, named in its findings"),
  model: z.string().min(1).optional().describe("model asked for, default the first listed"),
  embeddingsModel: z.string().min(1).optional().describe("declares /embeddings, with this model"),
  auth: z.enum(["none", "bearer"]).default("none").describe("bearer: a key is required"),
  apiKeyEnv: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .optional()
    .describe("variable of the key"),
  unknownModel: z.enum(["refused", "any"]).default("any").describe("refused: other names are 404"),
  bodyBytesMax: z
    .int()
    .min(1)
    .max(64 * 1024 * 1024)
    .optional()
    .describe("declared limit, bytes"),
  healthPath: z.string().startsWith("/").optional().describe("health route, under the origin"),
  image: z
    .string()
    .max(200)
    .regex(/(^|@)sha256:[0-9a-f]{64}$/, "an image by its digest, such as repo/api@sha256:...")
    .optional()
    .describe("image it was started from, by digest; shown as declared"),
});

const ratePerSecond = z.number().positive().max(200);
const seconds = z.number().min(1).max(3600);
const limitMs = z.number().positive().max(600_000);

/** The load of the plan: open model, JSON and streamed chat side by side. */
export const loadSchema = z.strictObject({
  ratePerSecond: ratePerSecond.default(20).describe("requests/s of each scenario"),
  durationSeconds: seconds.default(25).describe("length of each scenario, s"),
  warmupSeconds: z.number().min(0).max(600).default(2).describe("sent first, counted nowhere, s"),
  maxTokens: z.int().min(1).max(4096).default(8).describe("tokens asked for per request"),
  p99Ms: limitMs.default(2000).describe("limit of the 99th percentile of response time, ms"),
  p95Ms: limitMs.default(1500).describe("limit of the 95th percentile of response time, ms"),
  ttftP95Ms: limitMs.default(1500).describe("limit of the 95th percentile of time to token, ms"),
  success: z.number().gt(0).lt(1).default(0.99).describe("least ratio of good answers, 0..1"),
  services: z
    .array(z.string())
    .max(20)
    .optional()
    .describe(
      "services of the stack that are loaded too, of kind rag, mcp or websocket; default all of them in full, none in quick",
    ),
  queryP99Ms: limitMs.default(1800).describe("p99 of a query of documents, ms"),
  ingestP95Ms: limitMs.default(2000).describe("p95 of an ingest, and of when it is found, ms"),
  fanOutP95Ms: limitMs.default(1000).describe("p95 of a message to each member of a room, ms"),
  seed: z.int().min(0).max(0xffffffff).default(7).describe("same seed, same schedule"),
  ladder: ladderSchema
    .optional()
    .describe("also holds numbers of users in turn; needs `target`, or its own `route`"),
  soak: soakSchema
    .optional()
    .describe("also loads for long, memory watched; needs `target`, or its own `route`"),
});

const targetKey = z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/, "a lower-case name such as eu");

export const planFileSchema = z
  .strictObject({
    $schema: z.string().optional().describe("for editors; not read"),
    profile: z.enum(["quick", "full"]).default("quick").describe("which claims are declared"),
    confidence: z.number().min(0.9).max(0.999).default(0.95).describe("one-sided, of every claim"),
    target: targetSchema
      .optional()
      .describe("an OpenAI-shaped server; may be left out with a stack"),
    targets: z
      .record(targetKey, targetSchema.omit({ name: true }))
      .refine((all) => Object.keys(all).length >= 1 && Object.keys(all).length <= 16, {
        error: "give 1 to 16 targets",
      })
      .optional()
      .describe("several servers in place of `target`, by name: each has its claims under it"),
    stack: stackSchema.optional().describe("the services around it, checked by the stage stack"),
    load: loadSchema.prefault({}),
    skip: z.array(z.enum(stageNames)).default([]).describe("stages left out: not tested"),
    budgetMinutes: z
      .number()
      .positive()
      .max(10_080)
      .optional()
      .describe("most minutes of a run, default 10 for quick and 60 for full"),
    cooldownSeconds: z
      .number()
      .min(0)
      .max(600)
      .optional()
      .describe("rest before the next stage, s, default 0 for quick and 10 for full"),
    maxWaived: z.int().min(0).max(100).default(3).describe("most waived claims of a READY"),
    claims: z
      .array(claimSchema)
      .max(1_000)
      .optional()
      .describe("promises of your own on the streams of the stages"),
    slo: z
      .string()
      .min(1)
      .optional()
      .describe("file of objectives, from the plan's folder: each is a claim"),
    retries: z
      .int()
      .min(0)
      .max(2)
      .optional()
      .describe("times a check that reached nothing is made again, default 2"),
    maxAge: ageMs.optional().describe('oldest imported evidence that counts, default "24 h"'),
    waivers: z.string().min(1).optional().describe("file of waivers, from the plan's folder"),
    use: z
      .enum(useNames)
      .optional()
      .describe("what the target is for: READY only when the claims that use needs are proven"),
    gates: z
      .union([z.string().min(1), z.array(gateSchema).min(1).max(200)])
      .optional()
      .describe("gates of a READY: the list, or a file of them from the plan's folder"),
    signing: z
      .strictObject({
        keys: z
          .array(z.string().min(1))
          .max(16)
          .describe("PKCS#8 files, Ed25519 or ML-DSA-65, from the plan's folder"),
      })
      .optional()
      .describe("signs the closed bundle"),
  })
  .refine((file) => [file.target, file.targets, file.stack].some((one) => one !== undefined), {
    error: "give a target, a stack, or both",
    path: ["target"],
  })
  .refine((file) => file.target === undefined || file.targets === undefined, {
    error: "give `target` or `targets`, not both",
    path: ["targets"],
  })
  .superRefine(checkEnds)
  .superRefine(checkLoaded);

export type TargetManifest = z.infer<typeof targetSchema>;
export type LoadManifest = z.infer<typeof loadSchema>;
export type PlanFile = z.infer<typeof planFileSchema>;
export type PlanFileInput = z.input<typeof planFileSchema>;
