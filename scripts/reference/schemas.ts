import {
  evidenceRecordSchema,
  verdictDocumentSchema,
  waiverFileSchema,
} from "../../packages/contract/src/index.ts";
import { planFileSchema } from "../../packages/validator/src/index.ts";
import { z } from "zod";

const folder = "docs/reference/schemas";

function text(title: string, schema: z.ZodType): string {
  // Rules beyond a schema, such as "one of two keys", stay with the program that reads the file.
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`;
}

/** The published JSON Schemas, versioned by their file names. */
export function schemaFiles(): readonly (readonly [string, string])[] {
  return [
    [`${folder}/evidence-record-v1.json`, text("One line of evidence.jsonl", evidenceRecordSchema)],
    [`${folder}/plan-file-v1.json`, text("plan.yaml of loadline validate", planFileSchema)],
    [`${folder}/verdict-v1.json`, text("verdict.json", verdictDocumentSchema)],
    [`${folder}/waivers-v1.json`, text("waivers.yaml", waiverFileSchema)],
  ];
}
