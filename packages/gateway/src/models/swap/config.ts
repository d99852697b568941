import { z } from "zod";
import { durationMs } from "../../config/values.ts";
import { ownFile } from "./views.ts";

const dayMs = 86_400_000;
const registeredMax = 64;
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);

const registered = z.strictObject({
  path: z.string().min(1).describe("The GGUF file."),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .describe("Its SHA-256 in lower-case hex; default: what a SHA256SUMS beside it lists."),
});

/** Files that in-process models may be swapped to while the gateway serves. */
export const modelsSection = z
  .strictObject({
    rollbackFor: durationMs({ min: 0, max: dayMs, default: 600_000 }).describe(
      "How long a replaced model stays loaded to go back to (ms); 0: not at all.",
    ),
    registered: z
      .record(name, registered)
      .refine((files) => Object.keys(files).length <= registeredMax, `over ${registeredMax} files`)
      .refine((files) => !Object.hasOwn(files, ownFile), `${ownFile} is the target's own file`)
      .default({})
      .describe("GGUF files by name; a swap loads none but these."),
  })
  .describe("What in-process models can be swapped to.");

export type ModelsConfig = z.output<typeof modelsSection>;
