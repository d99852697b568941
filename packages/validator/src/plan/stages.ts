import { z } from "zod";
import { stackSchema } from "../stack/manifest.ts";
import { loadSchema, targetSchema } from "./manifest.ts";

/** The stage configurations of a run plan, as this package writes and reads them. */
export const stagesSchema = z.strictObject({
  target: targetSchema,
  load: loadSchema,
  stack: stackSchema.optional(),
  skip: z.array(z.string()),
});

export type PlanStages = z.infer<typeof stagesSchema>;
