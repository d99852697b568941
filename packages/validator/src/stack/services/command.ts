import { z } from "zod";
import { checkName, expectationFields, plainText } from "./expectation.ts";
import { localFields } from "./web-fields.ts";

/** Programs of this machine, as a shell script ran them. */
export const commandService = z.strictObject({
  kind: z.literal("command"),
  commands: z
    .record(
      checkName,
      z.strictObject({
        run: z
          .array(plainText)
          .min(1)
          .max(100)
          .refine(([program]) => program !== "", "give the program first")
          .describe("program and its arguments; secrets are read from its environment, as ours"),
        exit: z.int().min(0).max(255).default(0).describe("status it is to end with"),
        ...expectationFields,
      }),
    )
    .refine((all) => Object.keys(all).length > 0, "give a command")
    .describe("what is run, by name; what is expected is expected of its standard output"),
  ...localFields,
});
