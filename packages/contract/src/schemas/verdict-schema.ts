/** `verdict.json` as others may rely on it. Keys are only ever added. */
import { z } from "zod";
import { claimCategories, claimKinds } from "../claim.ts";
import { identityFacts } from "../identity.ts";
import { useNames } from "../scorecard.ts";
import { reasonCodes, verdictOrder } from "../verdict.ts";
import { ignoredReasons } from "../waiver/lay-over.ts";

const outcome = z.enum(["READY", "NOT_READY", "NOT_PROVEN"]);
const verdict = z.enum(verdictOrder);
const disposition = z.enum(["waived", "not_applicable"]);
const reason = z.enum(Object.values(reasonCodes).flat()).describe("why it is not passed");
const count = z.int().min(0);
const seqs = z.array(count).describe("seq of the records in evidence.jsonl");
const digest = z.string().describe("SHA-256, hex");

const figure = z.looseObject({
  value: z.number().nullable().describe("null: not measured"),
  unit: z.string(),
  n: count.optional(),
  provenance: z.enum(["measured", "derived", "declared", "imported"]),
  refs: seqs,
  resolution: z.number().optional().describe("smaller values print as < resolution"),
});
const interval = z.looseObject({
  lower: z.number().nullable(),
  upper: z.number().nullable(),
  confidence: z.number(),
  unit: z.string(),
});
const seen = {
  verdict,
  reason: reason.optional(),
  sentence: z.string(),
  n: count,
  bad: count,
  observed: figure.nullable(),
  limit: figure.nullable(),
  interval: interval.nullable(),
  evidence: seqs,
};
const part = z.looseObject({
  part: z.string(),
  ...seen,
  undefined: count.describe("without a value, counted both ways"),
  badBy: z.record(z.string(), count),
});
const claim = z.looseObject({
  id: z.string(),
  category: z.enum(claimCategories),
  statement: z.string(),
  kind: z.enum(claimKinds),
  required: z.boolean(),
  disposition: disposition.optional(),
  ...seen,
  confidence: z.number().describe("one-sided"),
  parts: z.array(part),
  toProve: z.string(),
  reproduce: z.array(z.string()).describe("argument list; secrets as $NAME"),
});
const applied = z.looseObject({
  claim: z.string(),
  disposition,
  reason: z.string(),
  owner: z.string(),
  approvedBy: z.string(),
  expires: z.string().optional().describe("last UTC day"),
  link: z.string().optional(),
});
const ignored = z.looseObject({
  claim: z.string(),
  disposition,
  why: z.enum(ignoredReasons),
  sentence: z.string(),
});
const countKeys = [...verdictOrder, "waived", "not_applicable", "required", "decided"] as const;

/** Schema `loadline-verdict/v1`. */
export const verdictDocumentSchema = z.looseObject({
  schema: z.literal("loadline-verdict/v1"),
  run: z.string(),
  outcome,
  overall_status: outcome,
  slo_compliance: z.record(z.string(), verdict),
  exitCode: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  sentence: z.string(),
  target: z.string(),
  profile: z.string(),
  planDigest: digest,
  chainHead: digest,
  foldVersion: z.string(),
  startedAt: z.string(),
  endedAt: z.string(),
  durationMs: z.number(),
  claims: z.array(claim),
  counts: z.record(z.enum(countKeys), count).describe("of required claims"),
  coverage: z.number().nullable().describe("decided / required; null without claims"),
  guards: z.array(z.looseObject({ guard: z.string(), holds: z.boolean(), seq: count })),
  tools: z.array(z.looseObject({ id: z.string(), found: z.boolean(), detail: z.string() })),
  waivers: z
    .looseObject({
      applied: z.array(applied),
      ignored: z.array(ignored),
      nextExpiry: z.string().nullable(),
    })
    .optional(),
  identity: z
    .array(
      z.looseObject({
        target: z.string(),
        fact: z.enum(identityFacts),
        value: z.string(),
        provenance: z.enum(["measured", "declared"]),
        seq: count,
      }),
    )
    .optional()
    .describe("which builds were asked"),
  use: z
    .looseObject({ use: z.enum(useNames), outcome, sentence: z.string() })
    .optional()
    .describe("what the plan says the target is for"),
  gates: z
    .array(
      z.looseObject({
        id: z.string(),
        verdict: z.enum(["passed", "failed", "not_tested"]),
        sentence: z.string(),
      }),
    )
    .optional()
    .describe("gates of the plan's own"),
  unmet: z
    .array(z.string())
    .optional()
    .describe("what the plan asks beyond its claims and does not get; why READY is NOT_PROVEN"),
  limits: z.array(z.string()).describe("what this evidence does not prove"),
});
