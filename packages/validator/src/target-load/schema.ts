import { z } from "zod";
import { profileManifestSchema } from "../load/index.ts";

/** An HTTP service of the stack that is asked in place of the target's chat. */
export const loadedRouteSchema = z
  .strictObject({
    service: z.string().min(1).describe("a service of the stack, of kind http"),
    method: z.enum(["GET", "POST"]).default("GET"),
    path: z.string().startsWith("/").max(500).describe("under its url"),
    json: z.unknown().optional().describe("body of a POST"),
  })
  .refine(({ method, json }) => method === "POST" || json === undefined, {
    error: "a GET carries no body; say method: POST",
    path: ["json"],
  });

export type LoadedRoute = z.infer<typeof loadedRouteSchema>;

/** Numbers of users held in turn on the target's chat, or on a route of the stack. */
export const ladderSchema = z.strictObject({
  users: z
    .array(z.int().min(1).max(1_000))
    .min(1)
    .max(8)
    .refine((all) => all.some((one) => one > 1), { error: "name a number of users above 1" })
    .default([5, 20, 100])
    .describe("users held in turn, beside one alone"),
  holdSeconds: z.number().min(1).max(600).default(10).describe("least length of one hold, s"),
  rounds: z.int().min(1).max(10).default(3).describe("times each number is held, shuffled"),
  route: loadedRouteSchema.optional().describe("asked in place of the target's chat"),
});

/** A long load of the target's chat, or of a route of the stack, with its memory sampled beside it. */
export const soakSchema = z.strictObject({
  minutes: z.number().min(0.1).max(1_440).default(10).describe("length, min"),
  share: z.number().gt(0).max(1).default(0.7).describe("of `ratePerSecond`"),
  route: loadedRouteSchema.optional().describe("asked in place of the target's chat"),
  metrics: profileManifestSchema.shape.metrics,
  memory: profileManifestSchema.shape.memory,
});
