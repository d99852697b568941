import type { RunPlan } from "@loadline/contract";
import { z } from "zod";
import { validatorErrors } from "../errors.ts";
import { stackSchema } from "../stack/manifest.ts";
import { loadSchema, targetSchema } from "./manifest.ts";

/** The stage configurations of a run plan, as this package writes and reads them. */
export const stagesSchema = z.strictObject({
  /** The one target; of a plan about a stack alone its name. */
  target: targetSchema.optional(),
  /** Several targets by name, in place of it. */
  targets: z.record(z.string(), targetSchema).optional(),
  load: loadSchema,
  stack: stackSchema.optional(),
  skip: z.array(z.string()),
  /** What the stage load sends to, one after another: the chat of targets, services of the stack. */
  loads: z.array(z.string()).default(["chat"]),
  /** Ids of the claims of the plan's own. */
  own: z.array(z.string()).default([]),
  /** Rest before the next stage, s. */
  cooldownSeconds: z.number().min(0).max(600).default(0),
});

export type PlanStages = z.infer<typeof stagesSchema>;

/** The stage configurations of a plan. @throws LL_PLAN_INVALID. */
export function readStages(plan: RunPlan): PlanStages {
  const parsed = stagesSchema.safeParse(plan.stages);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.map(String).join(".") ?? "";
  throw validatorErrors.make("LL_PLAN_INVALID", `stages.${where}: ${issue?.message ?? "invalid"}`);
}
