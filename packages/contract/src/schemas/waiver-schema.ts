/** `waivers.yaml` for editors; `parseWaivers` holds the rules a schema cannot say. */
import { z } from "zod";
import { waivableVerdicts, waiverDaysMax, waiverReasonMin, waiversMax } from "../waiver/waiver.ts";

const name = z.string().min(1).max(2_000);
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
const why = z.string().min(waiverReasonMin).max(2_000);

/** Shape of a waiver file. */
export const waiverFileSchema = z.strictObject({
  $schema: z.string().optional().describe("for editors; not read"),
  waivers: z
    .array(
      z.strictObject({
        claim: name.describe("exact claim id"),
        covers: z.enum(waivableVerdicts).describe("this verdict and better ones"),
        reason: why,
        owner: name.describe("who answers for it"),
        approvedBy: name.describe("another person than the owner"),
        created: day.describe("UTC day"),
        expires: day.describe(`last UTC day, at most ${waiverDaysMax} days after created`),
        target: name.describe("name or base URL of the one target"),
        link: name.describe("where the risk is tracked"),
      }),
    )
    .max(waiversMax)
    .optional(),
  notApplicable: z
    .array(
      z.strictObject({
        claim: name.describe("exact claim id"),
        feature: name.describe("what the target lacks"),
        justification: why,
        approvedBy: name,
      }),
    )
    .max(waiversMax)
    .optional()
    .describe("counts only beside an observation that the target lacks the feature"),
});
