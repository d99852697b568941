/** One line of `evidence.jsonl` as others may rely on it. */
import { z } from "zod";
import { recordKinds } from "../evidence/record-kinds.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const texts = z.array(z.string());

/** Version 1 of a record; `data` depends on `kind`. */
export const evidenceRecordSchema = z.strictObject({
  v: z.literal(1),
  seq: z.int().min(0).describe("0-based, gapless"),
  run: z.string(),
  at: z.string().describe("UTC, ISO 8601 with ms"),
  mono: z.number().describe("ms since the run began, never decreasing"),
  kind: z.enum(recordKinds),
  by: z.strictObject({ id: z.string(), version: z.string(), digest: z.string() }),
  claims: texts.describe("claims it is evidence for"),
  target: z.string(),
  provenance: z.enum(["measured", "derived", "declared", "imported"]),
  data: z.record(z.string(), z.unknown()),
  refs: texts.describe("SHA-256 of artifacts it rests on"),
  proves: texts,
  doesNotProve: texts,
  prev: digest.describe("hash of the record before it; of the first, the plan digest"),
  hash: digest.describe(
    "SHA-256 of the domain line, prev and the canonical JSON of the record without hash",
  ),
});
