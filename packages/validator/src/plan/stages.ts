import { z } from "zod";
import { loadSchema, targetSchema } from "./manifest.ts";

/** The stage configurations of a run plan, as this package writes and reads them. */
export const stagesSchema = z.strictObject({
  target: targetSchema,
  load: loadSchema,
  skip: z.array(z.string()),
});

export type PlanStages = z.infer<typeof stagesSchema>;
